/** Owns speaking to a control plane: one function for all operations, typed by the table that is made of its OpenAPI document. */
import { OPERATIONS, type Operations } from './operations.generated.ts'

export interface ClientOptions {
  /** `https://control.example.com:9081`. */
  readonly url: string
  /** Of a person, a service, or none. */
  readonly token?: string
  /** Instead of the platform's own. */
  readonly fetch?: typeof fetch
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
}

type Name = keyof Operations
type Part<N extends Name, P extends 'params' | 'query' | 'body'> =
  Operations[N] extends Readonly<Record<P, infer T>> ? T : undefined

/** A query of which nothing has to be said may be left out. */
type IsOptional<N extends Name, P extends 'params' | 'query' | 'body'> = P extends 'query'
  ? object extends Part<N, P>
    ? true
    : false
  : false

type Required<N extends Name> = {
  readonly [P in 'params' | 'query' | 'body' as Part<N, P> extends undefined
    ? never
    : IsOptional<N, P> extends true
      ? never
      : P]: Part<N, P>
}

/** What the operation takes, and how it is asked for. */
export type AskOptions<N extends Name> = Required<N> & {
  readonly [P in 'query' as IsOptional<N, P> extends true ? P : never]?: Part<N, P>
} & {
  /** The version that was seen: something else is not changed. */
  readonly ifMatch?: number
  /** Only where there is none yet. */
  readonly ifNone?: boolean
  /** Everything is done, shown, and undone. */
  readonly isDryRun?: boolean
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

export interface OperationAnswer<Body> {
  readonly status: number
  readonly body: Body
  /** What the `ETag` says. */
  readonly version: number | undefined
  /** Of a dry run: lines that say what would become of what. */
  readonly changes: readonly string[]
}

/** The control plane's answer to what it does not do (RFC 9457). */
export class ClientProblem extends Error {
  override readonly name = 'ClientProblem'
  readonly status: number
  /** The last part of `type`: `changed-meanwhile`. */
  readonly code: string
  /** All members. */
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(String(body.detail ?? body.title ?? `the control plane answered with ${status}`))
    this.status = status
    this.code = String(body.type ?? '').replace(/^.*:/, '')
    this.body = body
  }
}

export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** @rejects ClientProblem; the platform's own error where nobody answers */
  async ask<N extends Name>(name: N, options: AskOptions<N>): Promise<OperationAnswer<Operations[N]['answer']>> {
    const { method } = OPERATIONS[name]
    const { fetch: send = fetch } = this.#options
    const { params, query, body } = options as { params?: Values; query?: Values; body?: unknown }
    const answer = await send(
      new URL(toPath(OPERATIONS[name].path, params, { ...query, ...toDryRun(options) }), this.#options.url),
      {
        method,
        headers: this.#toHeaders(options, body),
        redirect: 'error',
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(options.signal && { signal: options.signal }),
      },
    )
    const said = await readJson(answer)
    if (!answer.ok) throw new ClientProblem(answer.status, isRecord(said) ? said : {})
    const { status, headers } = answer
    const isUndone = options.isDryRun === true && isRecord(said) && said.dryRun === true
    return {
      status: isUndone ? Number(said.status) : status,
      body: (isUndone ? said.result : said) as Operations[N]['answer'],
      version: toVersion(headers.get('etag')),
      changes: isUndone && Array.isArray(said.changes) ? said.changes.map(String) : [],
    }
  }

  #toHeaders(options: AskOptions<Name>, body: unknown): Record<string, string> {
    const { token, headers } = this.#options
    const { ifMatch, ifNone, idempotencyKey } = options
    return {
      accept: 'application/json, application/problem+json',
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
      ...(ifNone === true && { 'if-none-match': '*' }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    }
  }
}

type Values = Readonly<Record<string, unknown>>

function toDryRun({ isDryRun }: { readonly isDryRun?: boolean }): Values {
  return isDryRun === true ? { dryRun: 'true' } : {}
}

function toPath(template: string, params: Values = {}, query: Values = {}): string {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => [name, String(each)] as [string, string]),
  )
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`
}

async function readJson(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return { detail: text.slice(0, 200) }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toVersion(tag: string | null): number | undefined {
  const number = /^"(\d+)"$/.exec(tag ?? '')?.[1]
  return number === undefined ? undefined : Number(number)
}
