/** Owns other services in tests of policies: a function that answers, and what it was asked. */
import type { MaybePromise } from '../maybe-promise.ts'
import { HeaderList } from '../messages/header-list.ts'
import { type CallAnswer, CallFault, type HttpCalls, type OutgoingCall } from '../services.ts'

/** An object is said as JSON. */
export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | object
}

export class FakeHttp implements HttpCalls {
  readonly calls: OutgoingCall[] = []
  readonly #answer: (call: OutgoingCall) => MaybePromise<FakeAnswer>

  /** Without `answer` nobody can be reached. What it throws, the call throws. */
  constructor(answer?: (call: OutgoingCall) => MaybePromise<FakeAnswer>) {
    this.#answer =
      answer ??
      (({ url }) => {
        throw new CallFault('ECONNREFUSED', `nobody listens at ${url}`)
      })
  }

  async send(call: OutgoingCall): Promise<CallAnswer> {
    this.calls.push(call)
    const { status = 200, headers = {}, body = '' } = await this.#answer(call)
    const isText = typeof body === 'string' || Buffer.isBuffer(body)
    const fields = Object.entries(isText ? headers : { 'Content-Type': 'application/json', ...headers })
    return { status, headers: HeaderList.of(fields), body: Buffer.from(isText ? body : JSON.stringify(body)) }
  }
}
