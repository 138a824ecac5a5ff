/** Owns a control plane for tests of commands: a real one on a free port, with a first account and its token. */
import { after } from 'node:test'
import { Client } from '@gatewright/client'
import { ControlPlane } from '@gatewright/control-plane'
import type { GatewrightFileInput } from '@gatewright/model'
import { createFolder, type Ran, runCommand, type Surroundings } from './run-command.fixture.ts'

const quiet = { info() {}, warn() {}, error() {} }

export interface ControlStage {
  readonly url: string
  readonly token: string
  readonly client: Client
  /** What is published now, as gateways would get it. */
  readonly published: () => unknown
  /** Every change is refused by the gateway from now on, with this. */
  readonly refuse: (fault: string) => void
  /** As one who has the owner's token. */
  readonly run: (line: string, surroundings?: Surroundings) => Promise<Ran>
}

/** Gone when the tests around are over. */
export async function openControlStage(): Promise<ControlStage> {
  let file: unknown
  let refusal: string | undefined
  const plane = await ControlPlane.open(
    { database: `${createFolder()}/control.db`, host: '127.0.0.1', port: 0 },
    {
      log: quiet,
      async take(publication) {
        if (refusal !== undefined) return { fault: refusal }
        const pieces = publication.pieces.map(({ text }) => JSON.parse(text) as GatewrightFileInput)
        file = {
          upstreams: pieces.flatMap(({ upstreams = [] }) => upstreams),
          apis: pieces.flatMap(({ apis = [] }) => apis),
          documents: Object.fromEntries([...publication.documents].toSorted(([a], [b]) => (a < b ? -1 : 1))),
        }
        return { version: publication.sequence, hash: 'hash' }
      },
    },
  )
  after(() => plane.close())
  const { port, setUpSecret = '' } = plane.address
  const url = `http://127.0.0.1:${port}`
  const token = await issueToken(url, setUpSecret)
  const env = { GATEWRIGHT_SERVER: url, GATEWRIGHT_TOKEN: token }
  return {
    url,
    token,
    client: new Client({ url, token }),
    published: () => file,
    refuse: (fault) => {
      refusal = fault
    },
    run: (line, surroundings = {}) =>
      runCommand(line.split(' '), { ...surroundings, env: { ...env, ...surroundings.env } }),
  }
}

async function issueToken(url: string, secret: string): Promise<string> {
  let cookie = ''
  const body = { secret, email: 'olga@example.com', name: 'Olga', password: 'correct horse battery staple 9' }
  const first = new Client({
    url,
    async fetch(input, init) {
      const answer = await fetch(input, init)
      cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      return answer
    },
  })
  const { csrfToken } = (await first.ask('setUp', { body })).body
  const signedIn = new Client({ url, headers: { cookie, 'x-csrf-token': csrfToken } })
  return (await signedIn.ask('issueMyToken', { body: { name: 'tests' } })).body.value
}
