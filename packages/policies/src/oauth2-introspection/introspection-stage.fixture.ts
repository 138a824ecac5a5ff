/** Owns the authorization server of tests: an endpoint that is asked, and the policy that asks it. */
import type { OutgoingCall } from '../services.ts'
import {
  type FakeAnswer,
  FakeClock,
  FakeHttp,
  MemoryCredentials,
  type PolicyRun,
  run,
  type TestAnswer,
} from '../testing/index.ts'
import { oauth2Introspection } from './oauth2-introspection.ts'

export type Options = Partial<NonNullable<Parameters<typeof run<typeof oauth2Introspection.options>>[1]>>

export const ENDPOINT = 'https://login.example.com/introspect'
export const CLIENT = { id: 'gateway', secret: 's3cret' }
export const ACTIVE = { active: true, sub: 'ann', client_id: 'shop', scope: 'read write', token_type: 'Bearer' }

/** What the server says, by token; who is not named is not active. */
export function serve(tokens: Readonly<Record<string, object>>) {
  return ({ body }: OutgoingCall): FakeAnswer => {
    const token = new URLSearchParams(String(body)).get('token') ?? ''
    return { body: Object.hasOwn(tokens, token) ? (tokens[token] ?? {}) : { active: false } }
  }
}

interface Stage {
  readonly subject: PolicyRun
  readonly http: FakeHttp
  readonly clock: FakeClock
  ask(token?: string, address?: string): Promise<TestAnswer>
}

export function stage(
  answer: (call: OutgoingCall) => FakeAnswer | Promise<FakeAnswer>,
  options: Options = {},
  credentials = new MemoryCredentials(),
): Stage {
  const http = new FakeHttp(answer)
  const clock = new FakeClock()
  const subject = run(
    oauth2Introspection,
    { endpoint: ENDPOINT, client: CLIENT, appClaim: 'client_id', unknownApps: 'allow', ...options },
    { http, clock, credentials },
  )
  const ask = (token?: string, address?: string) =>
    subject.with(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }, {
      ...(address !== undefined && { address }),
    })
  return { subject, http, clock, ask }
}
