/** Owns how a decision comes about: by a server of OPA, from memory, or by compiled rules in this thread. */
import { toFingerprint } from '../callers/remembered.ts'
import { type Verdict, Verdicts } from '../callers/verdicts.ts'
import { toCallTls } from '../calls/call-options.ts'
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import { OutageLog } from '../calls/outage-log.ts'
import { toUnavailable } from '../calls/unavailable.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { Problem } from '../problem.ts'
import { CallFault, type FileContent, type PolicyServices } from '../services.ts'
import { type OpaDecision, parseDecision } from './opa-decision.ts'
import { compileInput, INPUT_PARTS, type OpaInput, toInputText, toKeyText } from './opa-input.ts'
import { OpaModule } from './opa-module.ts'
import type { CompiledRules, OpaOptions, ServerRules } from './opa-options.ts'

type Decide = (exchange: Exchange) => MaybePromise<OpaDecision>

/** @throws and @rejects Problem where nothing can be decided */
export function createDecide(options: OpaOptions, services: PolicyServices): Decide {
  const { rules, inputBytes, onError } = options
  const toInput = compileInput(options)
  const service = 'url' in rules ? rules.url : rules.file
  const outage = new OutageLog(services, { service, policy: 'opa', use: services.useId })

  /** Nobody is let in on trust. */
  function toFailure(fault: unknown): Problem {
    if (!(fault instanceof CallFault)) return Problem.from(fault)
    outage.failed(fault)
    if (onError === 'unavailable') return toUnavailable(fault)
    return new Problem('access-denied', {
      detail: 'Whether this request may pass cannot be decided now. Try again later.',
      reason: fault.reason,
    })
  }

  function toText(input: OpaInput): string {
    const text = toInputText(input)
    // What a client can bring about says nothing about the service, and is not told as its outage.
    if (Buffer.byteLength(text) <= inputBytes) return text
    throw onError === 'unavailable'
      ? toUnavailable({ reason: 'input-too-long' })
      : new Problem('access-denied', {
          detail: 'This request is too long to be decided about.',
          reason: 'input-too-long',
        })
  }

  const means: Means = { toInput, toText, toFailure, outage }
  return 'url' in rules
    ? createServerDecide({ ...options, rules }, services, means)
    : createModuleDecide({ ...options, rules }, services, means)
}

interface Means {
  readonly toInput: (exchange: Exchange) => OpaInput
  readonly toText: (input: OpaInput) => string
  readonly toFailure: (fault: unknown) => Problem
  readonly outage: OutageLog
}

function createServerDecide(
  { rules, cache, upstreamFields }: OpaOptions & { readonly rules: ServerRules },
  services: PolicyServices,
  { toInput, toText, toFailure, outage }: Means,
): Decide {
  const fields = toNames(upstreamFields)
  const send = createSend(rules, services)
  const verdicts = new Verdicts<OpaDecision>({ most: cache?.entries ?? 0, mostCalls: rules.maxCalls }, services.clock)

  async function ask(text: string, exchange: Exchange, isAlone: boolean): Promise<Verdict<OpaDecision>> {
    try {
      const decision = parseDecision(await send(text, isAlone ? exchange.signal : undefined), fields)
      outage.worked()
      const untilMs = cache === undefined ? 0 : services.clock.now() + cache.ttlSeconds * 1000
      return { value: decision, untilMs, isGood: decision.kind === 'allow', isShared: true }
    } catch (fault) {
      // The client left: that says nothing of the server.
      if (isAlone && exchange.abortedBy !== undefined) throw exchange.abortedBy
      throw toFailure(fault)
    }
  }

  return (exchange) => {
    const input = toInput(exchange)
    const text = toText(input)
    if (cache === undefined) return verdicts.askAlone(() => ask(text, exchange, true))
    const key = toFingerprint(toKeyText(input, cache.by ?? INPUT_PARTS))
    // A call that others wait for as well does not end with the client that began it.
    return verdicts.find(key) ?? verdicts.ask(key, () => ask(text, exchange, false))
  }
}

/** The rules' result. @rejects CallFault */
function createSend({ url, path, token, timeoutMs, tls: tlsOptions }: ServerRules, { http }: PolicyServices) {
  const target = `${url.replace(/\/+$/, '')}/v1/data/${path}`
  const tls = toCallTls(tlsOptions)
  const headers: (readonly [string, string])[] = [
    ['Accept', 'application/json'],
    ['Content-Type', 'application/json'],
    ...(token === undefined ? [] : [['Authorization', `Bearer ${token.reveal()}`] as const]),
  ]
  return async (text: string, signal: AbortSignal | undefined): Promise<unknown> => {
    const answer = await http.send({
      url: target,
      method: 'POST',
      headers,
      body: `{"input":${text}}`,
      timeoutMs,
      // It decides, and carries nothing out.
      mayRepeat: true,
      ...(signal !== undefined && { signal }),
      ...(tls !== undefined && { tls }),
    })
    if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
    const document = parseObject(answer.body)
    return Object.hasOwn(document, 'result') ? document.result : undefined
  }
}

function createModuleDecide(
  { rules, upstreamFields }: OpaOptions & { readonly rules: CompiledRules },
  { files }: PolicyServices,
  { toInput, toText, toFailure, outage }: Means,
): Decide {
  const fields = toNames(upstreamFields)
  const file = files.open(rules.file)
  let content: FileContent | undefined
  let module: OpaModule | undefined

  function getModule(): OpaModule {
    if (module === undefined || content !== file.content) {
      module = new OpaModule(file.content.bytes, rules)
      content = file.content
    }
    return module
  }

  return (exchange) => {
    const text = toText(toInput(exchange))
    try {
      const decision = parseDecision(evaluate(getModule, text), fields)
      outage.worked()
      return decision
    } catch (fault) {
      throw toFailure(fault)
    }
  }
}

/** @throws CallFault: to who waits for a decision, rules that fail are a service that fails */
function evaluate(getModule: () => OpaModule, text: string): unknown {
  try {
    return getModule().evaluate(text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new CallFault('rules-failed', message, { cause, isAnswered: true })
  }
}

function toNames(fields: readonly string[]): ReadonlySet<string> {
  return new Set(fields.map((name) => name.toLowerCase()))
}
