/** Owns the first account of a control plane, made as its first person makes it, and a token of it. */
import { Client } from '@gatewright/client'

const PASSWORD = 'seven grey herons over the weir'

/** Of the link that was printed; undefined: there is an account already. */
export function findSetUpSecret(stderr: string): string | undefined {
  return /\/set-up#([\w-]+)/.exec(stderr)?.[1]
}

/** `stderr`: with the link. Answers the token. */
export async function makeFirstAccount(url: string, stderr: string): Promise<string> {
  const body = {
    secret: findSetUpSecret(stderr) ?? '',
    email: 'owner@example.com',
    name: 'Owner',
    password: PASSWORD,
  }
  const answer = await fetch(`${url}/api/v1/set-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
  const { csrfToken } = (await answer.json()) as { csrfToken: string }
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const browser = new Client({ url, headers: { cookie, 'x-csrf-token': csrfToken } })
  return (await browser.ask('issueMyToken', { body: { name: 'test' } })).body.value
}
