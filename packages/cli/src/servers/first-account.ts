/** Owns making the first account of a control plane by the link that its start prints, and a token for who has made it. */
import { hostname } from 'node:os'
import { Client } from '@gatewright/client'
import { UsageError } from '../command.ts'

export interface SetUpLink {
  readonly url: string
  readonly secret: string
}

export interface FirstPerson {
  readonly email: string
  readonly name: string
  readonly password: string
}

/** Undefined: it is the address of a control plane. @throws UsageError where it is a link that is no use here */
export function findSetUpLink(text: string): SetUpLink | undefined {
  const { origin, pathname, hash } = URL.parse(text) ?? { origin: '', pathname: '', hash: '' }
  if (pathname === '/invite')
    throw new UsageError(
      'this link is an invitation: open it in a browser, choose a password, and make a token on the page of your account',
    )
  if (pathname !== '/set-up') return undefined
  if (hash.length > 1) return { url: origin, secret: hash.slice(1) }
  throw new UsageError('the link has lost what stands behind its #: put it in quotes')
}

/** The session that it begins with ends here; the token stays. @rejects ClientProblem */
export async function makeFirstAccount(
  { url, secret }: SetUpLink,
  person: FirstPerson,
  ask: typeof fetch,
): Promise<string> {
  let cookie = ''
  const askAndNote: typeof ask = async (input, init) => {
    const answer = await ask(input, init)
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    return answer
  }
  const stranger = new Client({ url, fetch: askAndNote })
  const { csrfToken } = (await stranger.ask('setUp', { body: { secret, ...person } })).body
  const signedIn = new Client({ url, fetch: ask, headers: { cookie, 'x-csrf-token': csrfToken } })
  const { value } = (await signedIn.ask('issueMyToken', { body: { name: `gatewright on ${hostname()}` } })).body
  await signedIn.ask('logOut', {})
  return value
}
