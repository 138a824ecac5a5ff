/** Owns how a decision comes about: from memory, from the service, or from what is to happen while it cannot be asked. */
import type { GuessGuard } from '../callers/guess-guard.ts'
import { type Verdict, Verdicts, type Watch } from '../callers/verdicts.ts'
import { toCallTls } from '../calls/call-options.ts'
import { toSenseless } from '../calls/json-answer.ts'
import { OutageLog } from '../calls/outage-log.ts'
import { toUnavailable } from '../calls/unavailable.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { CallFault, type PolicyServices } from '../services.ts'
import { createAnswerJudge, type Decision, toNobody } from './answer-judge.ts'
import { toLifetimeSeconds } from './answer-lifetime.ts'
import { type Check, compileCheck } from './check-call.ts'
import { compileCheckKey } from './check-key.ts'
import type { ExternalAuthOptions } from './external-auth-options.ts'

interface Asked {
  readonly exchange: Exchange
  readonly credential: string | undefined
  readonly body: Uint8Array | undefined
}

/**
 * The service is down, and nothing else: it is not there, or did not answer in time what it was wholly sent, or says so itself.
 * All others can be brought about by whoever wants to get past it: with a crowd, a request too long for it, an answer too long for us.
 */
const MEANS_DOWN = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|timeout|status-5\d\d)$/

/** From memory, or from the service. @rejects Problem verifier-unavailable */
export function createDecide(
  options: ExternalAuthOptions,
  services: PolicyServices,
  guard: GuessGuard | undefined,
): (asked: Asked) => MaybePromise<Decision> {
  const { cache, onError } = options
  const toCheck = compileCheck(options)
  const toKey = compileCheckKey(cache?.by)
  const judge = createAnswerJudge(options)
  const send = createSend(options, services)
  const verdicts = new Verdicts<Decision>({ most: cache?.entries ?? 0, mostCalls: options.maxCalls }, services.clock)
  const outage = new OutageLog(services, { service: options.url, policy: 'external-auth', use: services.useId })

  function fail(fault: unknown, mayPass: boolean): Verdict<Decision> {
    if (!(fault instanceof CallFault)) throw fault
    outage.failed(fault)
    if (!mayPass || onError === 'refuse' || !MEANS_DOWN.test(fault.reason)) throw toUnavailable(fault)
    return { value: toNobody(options), untilMs: 0, isGood: false, isShared: true }
  }

  async function ask(check: Check, exchange: Exchange, signal?: AbortSignal): Promise<Verdict<Decision>> {
    const answer = await send(check, exchange, signal).catch((fault: unknown) => {
      // The client left: that says nothing of the service.
      if (signal !== undefined && exchange.abortedBy !== undefined) throw exchange.abortedBy
      return fail(fault, true)
    })
    if ('value' in answer) return answer
    try {
      const decision = judge(answer)
      outage.worked()
      const seconds = toLifetimeSeconds(answer, decision, cache)
      const untilMs = seconds > 0 ? services.clock.now() + seconds * 1000 : 0
      return { value: decision, untilMs, isGood: decision.kind === 'admission', isShared: untilMs > 0 }
    } catch (fault) {
      return fail(fault, false)
    }
  }

  return ({ exchange, credential, body }) => {
    const check = toCheck(exchange, body)
    const watch: Watch<Decision> | undefined = guard && {
      exchange,
      around: (look) => guard.watch({ exchange }, look, ({ value }) => isGuess(value)),
    }
    if (cache === undefined) return verdicts.askAlone(() => ask(check, exchange, exchange.signal), watch)
    const key = toKey({ exchange, check, credential })
    // A call that others wait for as well does not end with the client that began it.
    return verdicts.find(key) ?? verdicts.ask(key, () => ask(check, exchange), watch)
  }
}

function isGuess(decision: Decision): boolean {
  return decision.kind === 'refusal' && decision.status === 401
}

/** @rejects CallFault, also for an answer that says that the service failed */
function createSend({ timeoutMs, tls: tlsOptions }: ExternalAuthOptions, { http }: PolicyServices) {
  const tls = toCallTls(tlsOptions)
  return async (check: Check, exchange: Exchange, signal: AbortSignal | undefined) => {
    const { url, method, headers, body } = check
    const answer = await http.send({
      url,
      method,
      headers: [...headers, ['X-Request-Id', exchange.id]],
      timeoutMs,
      // It decides, and carries nothing out.
      mayRepeat: true,
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
      ...(tls !== undefined && { tls }),
    })
    if (answer.status < 500) return answer
    throw toSenseless(`status-${answer.status}`)
  }
}
