/** Owns a control plane for tests of commands: a real one on a free port, with a first account and its token. */
import { after } from 'node:test'
import { Client } from '@gatewright/client'
import { ControlPlane } from '@gatewright/control-plane'
import type { GatewrightFileInput } from '@gatewright/model'
import { createFolder, type Ran, runCommand, type Surroundings } from './run-command.fixture.ts'

const quiet = { info() {}, warn() {}, error() {} }

const PASSWORD = 'correct horse battery staple 9'

export interface ControlStage {
  readonly url: string
  readonly token: string
  readonly client: Client
  /** What is published now, as gateways would get it. */
  readonly published: () => unknown
  /** Every change is refused by the gateway from now on, with this. */
  readonly refuse: (fault: string) => void
  /** Gives the token of one more owner. */
  readonly invite: (name: string) => Promise<string>
  /** As one who has the owner's token. */
  readonly run: (line: string, surroundings?: Surroundings) => Promise<Ran>
}

/** Gone when the tests around are over. `isAlone`: without a gateway in the same process. */
export async function openControlStage({ isAlone = false } = {}): Promise<ControlStage> {
  let file: unknown
  let refusal: string | undefined
  const folder = createFolder()
  const take: Parameters<typeof ControlPlane.open>[1]['take'] = async (publication) => {
    if (refusal !== undefined) return { fault: refusal }
    const pieces = publication.pieces.map(({ text }) => JSON.parse(text) as GatewrightFileInput)
    file = {
      upstreams: pieces.flatMap(({ upstreams = [] }) => upstreams),
      apis: pieces.flatMap(({ apis = [] }) => apis),
      documents: Object.fromEntries([...publication.documents].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    }
    return { version: publication.sequence, hash: 'hash' }
  }
  const plane = await ControlPlane.open(
    { database: `${folder}/control.db`, secretKeyFile: `${folder}/secret.key`, host: '127.0.0.1', port: 0 },
    {
      log: quiet,
      ...(!isAlone && { take }),
    },
  )
  after(() => plane.close())
  const { port, setUpSecret = '' } = plane.address
  const url = `http://127.0.0.1:${port}`
  const owner = { email: 'olga@example.com', name: 'Olga', password: PASSWORD }
  const token = await issueToken(
    url,
    async (client) => (await client.ask('setUp', { body: { secret: setUpSecret, ...owner } })).body,
  )
  const client = new Client({ url, token })
  const env = { GATEWRIGHT_SERVER: url, GATEWRIGHT_TOKEN: token }
  return {
    url,
    token,
    client,
    invite: (name) => invite(url, client, name),
    published: () => file,
    refuse: (fault) => {
      refusal = fault
    },
    run: (line, surroundings = {}) =>
      runCommand(line.split(' '), { ...surroundings, env: { ...env, ...surroundings.env } }),
  }
}

async function invite(url: string, owner: Client, name: string): Promise<string> {
  const email = `${name}@example.com`
  const facts = { email, name, grants: [{ role: 'owner', team: '*' as const }] }
  const secret = (await owner.ask('inviteUser', { body: facts })).body.link.url.split('#')[1] ?? ''
  return await issueToken(url, async (client) => {
    await client.ask('acceptInvitation', { body: { secret, password: PASSWORD } })
    const { body } = await client.ask('logIn', { body: { email, password: PASSWORD } })
    if ('csrfToken' in body) return body
    throw new Error('more than a password is asked for')
  })
}

type SignIn = (client: Client) => Promise<{ readonly csrfToken: string }>

/** Of whom `signIn` signs in. */
async function issueToken(url: string, signIn: SignIn): Promise<string> {
  let cookie = ''
  const first = new Client({
    url,
    async fetch(input, init) {
      const answer = await fetch(input, init)
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      return answer
    },
  })
  const { csrfToken } = await signIn(first)
  const signedIn = new Client({ url, headers: { cookie, 'x-csrf-token': csrfToken } })
  return (await signedIn.ask('issueMyToken', { body: { name: 'tests' } })).body.value
}
