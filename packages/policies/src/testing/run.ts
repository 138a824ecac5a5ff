/** Owns the one harness for policies: real options, fake effects, no sockets. */
import type { z } from 'zod'
import type { ClientCertificate } from '../client-certificate.ts'
import { type Caller, Exchange, type RouteFacts } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import type { Next, Policy, PolicyDefinition } from '../policy.ts'
import type { Problem } from '../problem.ts'
import type { Counters, Directories, HttpCalls, Replays, Revocations, SharedValues } from '../services.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeDirectories } from './fake-directories.ts'
import { FakeHttp } from './fake-http.ts'
import { MemoryCounters } from './memory-counters.ts'
import { MemoryCredentials } from './memory-credentials.ts'
import { MemoryFiles } from './memory-files.ts'
import { MemoryReplays } from './memory-replays.ts'
import { MemoryRevocations } from './memory-revocations.ts'
import { MemorySharedValues } from './memory-shared-values.ts'
import { createTestUses, guard } from './nested-uses.ts'
import { RecordingLog } from './recording-log.ts'
import { type TestRequest, toRequest } from './test-request.ts'

export interface PolicyRunSetup {
  /** What stands behind the policies; answers `200` with the text `upstream` if absent. May throw a `Problem`. */
  readonly upstream?: (request: GatewayRequest, exchange: Exchange) => MaybePromise<GatewayResponse>
  readonly clock?: FakeClock
  /** Exact ones in memory if absent. */
  readonly counters?: Counters
  readonly revocations?: Revocations
  readonly replays?: Replays
  readonly credentials?: MemoryCredentials
  /** What answers calls to other services; without it there is nobody. */
  readonly http?: HttpCalls
  /** Who knows names and passwords; without it there is nobody. */
  readonly directories?: Directories
  readonly shared?: SharedValues
  /** Those that may stand in the options of others. */
  readonly policies?: readonly PolicyDefinition[]
  /** None if absent. */
  readonly files?: MemoryFiles
  readonly variables?: Readonly<Record<string, string>>
  readonly route?: Partial<RouteFacts>
}

/** One use of a policy in a test's pipeline. */
export interface TestUse {
  readonly policy: PolicyDefinition
  /** As a user writes them: they go through the policy's own schema. */
  readonly options?: unknown
  readonly id?: string
}

export interface TestAnswer {
  readonly response: GatewayResponse
  readonly status: number
  /** What the client would get: the response's fields, and what policies said by `answerWith`. */
  readonly headers: HeaderList
  readonly problem: Problem | undefined
  readonly exchange: Exchange
  /** What reached the upstream, one a call. */
  readonly upstream: readonly GatewayRequest[]
  /** The answer's body, read to its end. */
  text(): Promise<string>
}

export interface CallFacts {
  /** The address the request comes from; `192.0.2.1` if absent. */
  readonly address?: string
  /** Who calls, as if an earlier policy had recognised them. */
  readonly caller?: Caller
  /** What the client proved in TLS. */
  readonly certificate?: ClientCertificate
}

/** `await run(rateLimit, { limit: 1, windowSeconds: 60 }).with({ target: '/orders' })` */
export function run<Options extends z.ZodType>(
  policy: PolicyDefinition<string, Options>,
  options?: z.input<Options>,
  setup?: PolicyRunSetup,
): PolicyRun {
  return runAll([{ policy, options: options ?? {} }], setup)
}

/** The same for several policies, the first one outermost. @throws ZodError when options are not valid, and what is wrong with a file. */
export function runAll(uses: readonly TestUse[], setup: PolicyRunSetup = {}): PolicyRun {
  return new PolicyRun(uses, setup)
}

/** A pipeline at work, with the world it works in. */
export class PolicyRun {
  readonly clock: FakeClock
  readonly counters: Counters
  readonly revocations: Revocations
  readonly replays: Replays
  readonly credentials: MemoryCredentials
  readonly http: HttpCalls
  readonly directories: Directories
  readonly shared: SharedValues
  readonly files: MemoryFiles
  readonly log = new RecordingLog()
  readonly #pipeline: Next
  readonly #route: RouteFacts
  /** What reached the upstream, by the exchange the client knows of: several may be under way at once. */
  readonly #seen = new WeakMap<Exchange, GatewayRequest[]>()
  #exchanges = 0

  constructor(uses: readonly TestUse[], setup: PolicyRunSetup) {
    this.clock = setup.clock ?? new FakeClock()
    this.counters = setup.counters ?? new MemoryCounters(this.clock)
    this.revocations = setup.revocations ?? new MemoryRevocations()
    this.replays = setup.replays ?? new MemoryReplays(this.clock)
    this.credentials = setup.credentials ?? new MemoryCredentials()
    this.http = setup.http ?? new FakeHttp()
    this.directories = setup.directories ?? new FakeDirectories()
    this.shared = setup.shared ?? new MemorySharedValues(this.clock)
    this.files = setup.files ?? new MemoryFiles()
    this.#route = { api: 'orders', route: 'list', template: '/', ...setup.route }
    const { upstream = () => GatewayResponse.ofText(200, 'upstream') } = setup
    let next: Next = guard((exchange) => {
      this.#seen.get(exchange.root)?.push(exchange.request)
      return upstream(exchange.request, exchange)
    })
    for (const [index, { policy, options, id }] of [...uses.entries()].reverse()) {
      const services = {
        clock: this.clock,
        counters: this.counters,
        revocations: this.revocations,
        replays: this.replays,
        credentials: this.credentials,
        http: this.http,
        directories: this.directories,
        shared: this.shared,
        files: this.files,
        log: this.log,
        useId: id ?? `test/${policy.name}/${index}`,
        variables: setup.variables ?? {},
      }
      const parsed = policy.options.parse(options ?? {})
      // As the gateway does before anything runs.
      for (const { path, check } of policy.files?.(parsed) ?? []) check(this.files.open(path).content.bytes)
      const nested = createTestUses(setup.policies ?? [], services)
      next = wrap(policy.create(parsed, { ...services, uses: nested }), next)
    }
    this.#pipeline = next
  }

  /** Sends one request through. */
  async with(request: TestRequest = {}, call: CallFacts = {}): Promise<TestAnswer> {
    const exchange = this.open(request, call)
    const { answer } = this.start(exchange)
    return await answer
  }

  /** An exchange that a test wants to hold on to, to end it early for instance. */
  open(request: TestRequest = {}, { address = '192.0.2.1', caller, certificate }: CallFacts = {}): Exchange {
    this.#exchanges += 1
    const exchange = new Exchange({
      id: this.#exchanges.toString(16).padStart(32, '0'),
      client: { address, port: 50_000, peerAddress: address, isPeerTrusted: false, certificate },
      request: toRequest(request),
      route: this.#route,
      receivedAtMs: this.clock.now(),
    })
    exchange.caller = caller
    return exchange
  }

  /** Runs an opened exchange. `isSync`: the pipeline answered without a promise. */
  start(exchange: Exchange): { readonly answer: Promise<TestAnswer>; readonly isSync: boolean } {
    const seen: GatewayRequest[] = []
    this.#seen.set(exchange, seen)
    const result = this.#pipeline(exchange)
    const answer = Promise.resolve(result).then((response) => toAnswer(exchange, response, seen))
    return { answer, isSync: result instanceof GatewayResponse }
  }
}

function toAnswer(exchange: Exchange, response: GatewayResponse, upstream: readonly GatewayRequest[]): TestAnswer {
  const headers = response.headers.clone()
  const { answerFields = [] } = exchange
  for (let i = 0; i < answerFields.length; i += 2) headers.set(answerFields[i] ?? '', answerFields[i + 1] ?? '')
  return {
    response,
    status: response.status,
    headers,
    problem: response.problem,
    exchange,
    upstream,
    async text() {
      return Buffer.from(await response.body.bytes({ limitBytes: 1 << 24 })).toString('utf8')
    },
  }
}

function wrap(policy: Policy, next: Next): Next {
  return guard((exchange) => policy(exchange, next))
}
