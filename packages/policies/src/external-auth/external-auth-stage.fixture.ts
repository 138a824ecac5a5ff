/** Owns the deciding service of tests, and the policy that asks it. */

import { HeaderList } from '../messages/header-list.ts'
import type { OutgoingCall } from '../services.ts'
import { type CallAnswer, CallFault, type HttpCalls } from '../services.ts'
import { FakeClock, MemoryCredentials, type PolicyRun, type PolicyRunSetup, run } from '../testing/index.ts'
import { externalAuth } from './external-auth.ts'

export type Options = Partial<NonNullable<Parameters<typeof run<typeof externalAuth.options>>[1]>>

export const SERVICE = 'http://auth.internal/check'

/** Fields of one name may come twice. An object is said as JSON. */
export interface ServiceAnswer {
  readonly status?: number
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | object
}

interface SeenDocument {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly query: string
    readonly rawTarget: string
    readonly headers: Readonly<Record<string, readonly string[]>>
    readonly body?: string
  }
  readonly client: object
  readonly route: object
  readonly caller: object | null
}

export class Service implements HttpCalls {
  readonly calls: OutgoingCall[] = []
  answer: (call: OutgoingCall) => ServiceAnswer | Promise<ServiceAnswer>

  constructor(answer: Service['answer'] = () => ({})) {
    this.answer = answer
  }

  async send(call: OutgoingCall): Promise<CallAnswer> {
    this.calls.push(call)
    const { status = 200, headers = [], body = '' } = await this.answer(call)
    return {
      status,
      headers: HeaderList.of(headers),
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    }
  }

  /** The fields of its newest call, by lower-case name. */
  get seen(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.calls.at(-1)?.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]))
  }

  /** The document of its newest call. */
  get document(): SeenDocument {
    return JSON.parse(String(this.calls.at(-1)?.body)) as SeenDocument
  }
}

interface Stage {
  readonly service: Service
  readonly clock: FakeClock
  readonly credentials: MemoryCredentials
  readonly subject: PolicyRun
}

export function stage(options: Options = {}, answer?: Service['answer'], setup: PolicyRunSetup = {}): Stage {
  const service = new Service(answer)
  const clock = new FakeClock()
  const credentials = new MemoryCredentials()
  const subject = run(externalAuth, { url: SERVICE, ...options }, { ...setup, http: service, clock, credentials })
  return { service, clock, credentials, subject }
}

export function fail(reason: string): never {
  throw new CallFault(reason, 'the call failed')
}
