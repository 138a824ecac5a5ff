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

/** Operations that take, or give, how somebody wrote a thing: YAML, with comments. */
type NameWith<P extends 'takesYaml' | 'givesYaml'> = {
  [N in Name]: Operations[N] extends Readonly<Record<P, true>> ? N : never
}[Name]
export type YamlTaker = NameWith<'takesYaml'>
export type YamlGiver = NameWith<'givesYaml'>

export interface OperationAnswer<Body> {
  /** 202: it waits until others have approved it, and what is answered may be that change instead. */
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
    const { body } = options as { body?: unknown }
    const sent = body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(body) }
    return await this.#ask(name, options, sent)
  }

  /** With YAML in place of the body; comments are kept. @rejects as `ask` does */
  async write<N extends YamlTaker>(
    name: N,
    yaml: string,
    options: Omit<AskOptions<N>, 'body'>,
  ): Promise<OperationAnswer<Operations[N]['answer']>> {
    return await this.#ask(name, options as Asking, { type: 'application/yaml', text: yaml })
  }

  /** As YAML, with comments. @rejects as `ask` does */
  async read<N extends YamlGiver>(name: N, options: AskOptions<N>): Promise<OperationAnswer<string>> {
    const answer = await this.#send(name, options, { accept: 'application/yaml', sent: undefined })
    const text = await answer.text()
    if (!answer.ok) throw toProblem(answer, parse(text, false))
    return { status: answer.status, body: text, version: toVersion(answer.headers.get('etag')), changes: [] }
  }

  async #ask<N extends Name>(
    name: N,
    options: Asking,
    sent: Sent | undefined,
  ): Promise<OperationAnswer<Operations[N]['answer']>> {
    const answer = await this.#send(name, options, { accept: 'application/json', sent })
    const said = parse(await answer.text(), answer.headers.get('content-type') === 'application/x-ndjson')
    if (!answer.ok) throw toProblem(answer, said)
    const isUndone = options.isDryRun === true && isRecord(said) && said.dryRun === true
    return {
      status: isUndone ? Number(said.status) : answer.status,
      body: (isUndone ? said.result : said) as Operations[N]['answer'],
      version: toVersion(answer.headers.get('etag')),
      changes: isUndone && Array.isArray(said.changes) ? said.changes.map(String) : [],
    }
  }

  async #send(name: Name, options: Asking, { accept, sent }: { accept: string; sent: Sent | undefined }) {
    const { method, path } = OPERATIONS[name]
    const { fetch: send = fetch, url, token, headers } = this.#options
    const { params, query, ifMatch, ifNone, idempotencyKey, signal } = options
    return await send(new URL(toPath(path, params, { ...query, ...toDryRun(options) }), url), {
      method,
      headers: {
        accept: `${accept}, application/problem+json`,
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(sent !== undefined && { 'content-type': sent.type }),
        ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
        ...(ifNone === true && { 'if-none-match': '*' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      redirect: 'error',
      ...(sent !== undefined && { body: sent.text }),
      ...(signal && { signal }),
    })
  }
}

interface Sent {
  readonly type: string
  readonly text: string
}

/** What is asked, whatever the operation takes. */
interface Asking {
  readonly params?: Values
  readonly query?: Values
  readonly ifMatch?: number
  readonly ifNone?: boolean
  readonly isDryRun?: boolean
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
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

function parse(text: string, isLines: boolean): unknown {
  if (text === '') return isLines ? [] : undefined
  try {
    return isLines
      ? text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown)
      : JSON.parse(text)
  } catch {
    return { detail: text.slice(0, 200) }
  }
}

function toProblem({ status }: Response, said: unknown): ClientProblem {
  return new ClientProblem(status, isRecord(said) ? said : {})
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toVersion(tag: string | null): number | undefined {
  const number = /^"(\d+)"$/.exec(tag ?? '')?.[1]
  return number === undefined ? undefined : Number(number)
}
