/** Owns access records: one JSON line an exchange, whole lines in writes of at most 4096 bytes, never blocking; what does not fit is dropped and counted. */
import { KNOWN_FIELDS } from '@gatewright/policies'
import type { Ended, GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { LineSink } from './line-sink.ts'

/** Longest path and the like in a record, as it is written: a line must fit one write, or a client could keep itself out of the log. */
const MOST_TEXT = 512
const MOST_METHOD = 32
const MOST_ID = 128
const MOST_SUBJECT = 256
// What JSON must escape, and what is not ASCII: latin1 text is not UTF-8.
const NEEDS_ESCAPE = /["\\\x00-\x1f\x7f-\uffff]/

export class AccessLog {
  readonly #sink: LineSink

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  write(exchange: GatewayExchange, ended: Ended, durationMs: number): void {
    this.#sink.writeLine(toRecord(exchange, ended, durationMs))
  }
}

let lastMs = -1
let lastTime = ''

/** RFC 3339 in UTC with milliseconds; busy gateways record many exchanges in one. */
function toTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms
    lastTime = new Date(ms).toISOString()
  }
  return lastTime
}

/** One record as a line of ASCII, without its line feed. Credentials never stand in it: keys are named by their app. */
export function toRecord(exchange: GatewayExchange, ended: Ended, durationMs: number): string {
  const { request, route, client, caller, problem } = exchange
  let line = `{"time":"${toTime(exchange.receivedAtMs)}","id":"${exchange.id}","client":"${client.address}","method":${quote(request.method, MOST_METHOD)},"path":${quote(request.matchedPath)},"status":${exchange.status},"durationMs":${toMilliseconds(durationMs)},"bytesIn":${exchange.bytesIn},"bytesOut":${exchange.bytesOut}`
  if (request.host !== '') line += `,"host":${quote(request.host)}`
  if (request.httpVersion !== '1.1') line += `,"httpVersion":"${request.httpVersion}"`
  const { tls } = exchange.clientSide
  if (tls !== undefined) line += `,"tls":"${tls.version}"`
  if (tls?.shown !== undefined) {
    line += `,"certificate":"${tls.shown.fingerprint}","subject":${quote(tls.shown.subjectText, MOST_SUBJECT)}`
  }
  line += API_AND_ROUTE.write(route.api, route.route)
  if (route.release !== undefined) line += RELEASE.write(route.release, '')
  if (caller?.app !== undefined) line += APP.write(caller.app, '')
  if (exchange.upstreamId !== '') {
    line += UPSTREAM_AND_TARGET.write(exchange.upstreamId, exchange.upstreamTarget) + exchange.upstreamStatus
    if (exchange.attempts > 1) line += `,"attempts":${exchange.attempts}`
  }
  if (exchange.grpcStatus !== undefined) line += `,"grpcStatus":${exchange.grpcStatus}`
  if (ended !== 'answered') line += `,"ended":"${ended}"`
  if (problem !== undefined) {
    line += `,"problem":"${problem.code}"`
    if (problem.policy !== undefined) line += `,"policy":${quote(problem.policy)}`
    if (problem.reason !== undefined) line += `,"reason":${quote(problem.reason)}`
  }
  if (exchange.traceId !== exchange.id) line += `,"trace":"${exchange.traceId}"`
  if (exchange.traceLink !== undefined) line += `,"traceLink":${quote(exchange.traceLink)}`
  const receivedAt = request.headers.indexOfKnown(KNOWN_FIELDS['x-request-id'])
  if (receivedAt >= 0) line += `,"receivedId":${quote(request.headers.valueAt(receivedAt), MOST_ID)}`
  return `${line}}`
}

/** Every number of microseconds below a millisecond, as it stands behind the point. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, micros) =>
  micros === 0 ? '' : `.${`${micros}`.padStart(3, '0')}`,
)

/** With three digits behind the point: two whole numbers are written much faster than one fraction. */
function toMilliseconds(durationMs: number): string {
  const micros = Math.round(durationMs * 1000)
  const whole = Math.floor(micros / 1000)
  return `${whole}${THOUSANDTHS[micros - whole * 1000]}`
}

/** What an old configuration held must not stay for ever. */
const MOST_CONFIGURED = 4096

/** Members whose two texts come from the configuration, and so again and again: they are quoted once. */
class ConfiguredMembers {
  readonly #known = new Map<string, Map<string, string>>()
  readonly #compose: (first: string, second: string) => string
  #size = 0

  constructor(compose: (first: string, second: string) => string) {
    this.#compose = compose
  }

  write(first: string, second: string): string {
    return this.#known.get(first)?.get(second) ?? this.#learn(first, second)
  }

  #learn(first: string, second: string): string {
    if (++this.#size > MOST_CONFIGURED) {
      this.#known.clear()
      this.#size = 1
    }
    const members = this.#compose(first, second)
    const seconds = this.#known.get(first)
    if (seconds === undefined) this.#known.set(first, new Map([[second, members]]))
    else seconds.set(second, members)
    return members
  }
}

const API_AND_ROUTE = new ConfiguredMembers(
  (api, route) => (api === '' ? '' : `,"api":${quote(api)}`) + (route === '' ? '' : `,"route":${quote(route)}`),
)
const RELEASE = new ConfiguredMembers((release) => `,"release":${quote(release)}`)
const APP = new ConfiguredMembers((app) => `,"app":${quote(app)}`)
const UPSTREAM_AND_TARGET = new ConfiguredMembers(
  (upstream, target) => `,"upstream":${quote(upstream)},"target":${quote(target)},"upstreamStatus":`,
)

function quote(text: string, most = MOST_TEXT): string {
  const short = text.length > most ? text.slice(0, most) : text
  if (!NEEDS_ESCAPE.test(short)) return `"${short}"`
  let escaped = ''
  for (let i = 0; i < short.length && escaped.length < most; i++) escaped += toEscape(short.charAt(i))
  return `"${escaped}"`
}

function toEscape(character: string): string {
  if (!NEEDS_ESCAPE.test(character)) return character
  const code = character.charCodeAt(0)
  return code < 0x7f ? JSON.stringify(character).slice(1, -1) : `\\u${code.toString(16).padStart(4, '0')}`
}
