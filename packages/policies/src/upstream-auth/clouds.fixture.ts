/** Owns what tests of cloud identities share: a request that asks for the credential, and what an issuer was asked. */
import assert from 'node:assert/strict'
import type { z } from 'zod'
import type { OutgoingCall } from '../services.ts'
import { type FakeAnswer, FakeHttp, type PolicyRun, type PolicyRunSetup, run } from '../testing/index.ts'
import { upstreamAuth } from './upstream-auth.ts'

/** As a user writes them. */
export type Given = z.input<typeof upstreamAuth.options>

export class CloudStage {
  readonly http: FakeHttp
  readonly run: PolicyRun

  constructor(
    options: Given,
    answer: (call: OutgoingCall) => FakeAnswer | Promise<FakeAnswer>,
    setup: PolicyRunSetup = {},
  ) {
    this.http = new FakeHttp(answer)
    this.run = run(upstreamAuth, options, { ...setup, http: this.http })
  }

  /** What the upstream gets in this field; a client says something else in it. */
  async ask(field = 'Authorization'): Promise<string | undefined> {
    const { upstream, problem } = await this.run.with({ headers: { [field]: 'Bearer of-the-client' } })
    assert.equal(problem, undefined)
    return upstream[0]?.headers.get(field.toLowerCase())
  }

  /** Why the upstream got nothing. */
  async askInVain(): Promise<string | undefined> {
    const { upstream, problem, status } = await this.run.with()
    assert.deepEqual([upstream.length, status, problem?.code], [0, 503, 'upstream-credential-unavailable'])
    return problem?.reason
  }
}

/** The members of a form. */
export function readForm({ body }: OutgoingCall): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(String(body)))
}

/** `path: message` for all that is wrong. */
export function faultsOf(options: object): string[] {
  const { error } = upstreamAuth.options.safeParse(options)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}
