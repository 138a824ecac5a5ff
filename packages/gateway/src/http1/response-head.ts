/** Owns what an answer's head means: its status line, how its body is framed, and whether its connection lives on. */
import { type HeaderList, KNOWN_FIELDS, MARKS_PER_FIELD } from '@gatewright/policies'
import { type ConnectionOptions, NO_CONNECTION_OPTIONS, parseConnection } from './connection-options.ts'
import { CHUNKED, FRAMING_REFUSALS, NO_BODY, parseLength, UNTIL_CLOSE } from './framing.ts'
import { startsWith, toLatin1 } from './latin1.ts'
import { malformed, type Refusal } from './refusal.ts'
import { VERSION } from './request-head.ts'

const OK = Buffer.from('OK', 'latin1')
const SP = 0x20
const HTAB = 0x09
const DEL = 0x7f

const REFUSALS = {
  ...FRAMING_REFUSALS,
  line: malformed('status-line', 'The status line must be: HTTP/1.1, a space, three digits, a space, a phrase.'),
  http2: malformed('http2', 'These are frames of HTTP/2.'),
  tls: malformed('tls', 'This is a record of TLS.'),
  coding: malformed('transfer-encoding', 'Only one `Transfer-Encoding: chunked` is supported.'),
  bodiless: malformed('coding-without-body', 'This status has no body, so it has no Transfer-Encoding.'),
  connection: malformed('connection', 'The Connection field must be a list of tokens.'),
} as const

/** A status line and the facts of its fields; one object a connection, filled anew for each answer. */
export class ResponseHead {
  status = 0
  reason = ''
  minorVersion = 1
  /** A length, `CHUNKED`, `UNTIL_CLOSE` or `NO_BODY`. */
  body = NO_BODY
  upgradeAt = -1
  locationAt = -1
  /** Seconds of `Keep-Alive: timeout=…`, or -1. */
  keepAliveSeconds = -1
  connection: ConnectionOptions = NO_CONNECTION_OPTIONS

  /** RFC 9112 §4. A missing space before an empty phrase is accepted: servers send it, and it means nothing else. */
  readonly scanLine = (octets: Uint8Array, at: number, end: number): Refusal | undefined => {
    if (end - at < 12 || !startsWith(octets, at, VERSION) || octets[at + 8] !== SP) {
      return findForeign(octets[at]) ?? REFUSALS.line
    }
    const minor = (octets[at + 7] ?? 0) - 0x30
    if (minor !== 1 && minor !== 0) return REFUSALS.line
    let status = 0
    for (let i = at + 9; i < at + 12; i++) {
      const digit = (octets[i] ?? 0) - 0x30
      if (digit < 0 || digit > 9) return REFUSALS.line
      status = status * 10 + digit
    }
    // RFC 9110 §15: the first digit is 1–5.
    if (status < 100 || status > 599) return REFUSALS.line
    if (end > at + 12 && octets[at + 12] !== SP) return REFUSALS.line
    for (let i = at + 13; i < end; i++) {
      const code = octets[i] ?? 0
      if ((code < SP && code !== HTAB) || code === DEL) return REFUSALS.line
    }
    this.minorVersion = minor
    this.status = status
    this.reason = toReason(octets, at + 13, end)
    return undefined
  }

  /** Reads the fields' facts; `method` is the request's. */
  readFields(fields: HeaderList, method: string): Refusal | undefined {
    this.upgradeAt = -1
    this.locationAt = -1
    this.keepAliveSeconds = -1
    this.connection = NO_CONNECTION_OPTIONS
    const { marks } = fields
    let lengthAt = -1
    let codingAt = -1
    let connections: string | undefined
    for (let i = 0, known = 4; known < marks.length; i++, known += MARKS_PER_FIELD) {
      switch (marks[known]) {
        case KNOWN_FIELDS['content-length']:
          if (lengthAt >= 0) return REFUSALS.lengthTwice
          lengthAt = i
          break
        case KNOWN_FIELDS['transfer-encoding']:
          if (codingAt >= 0) return REFUSALS.coding
          codingAt = i
          break
        case KNOWN_FIELDS.connection:
          connections = connections === undefined ? fields.valueAt(i) : `${connections},${fields.valueAt(i)}`
          break
        case KNOWN_FIELDS['keep-alive']:
          this.keepAliveSeconds = readKeepAlive(fields.valueAt(i))
          break
        case KNOWN_FIELDS.upgrade:
          this.upgradeAt = i
          break
        case KNOWN_FIELDS.location:
          this.locationAt = i
          break
      }
    }
    if (connections !== undefined) {
      const options = parseConnection(connections)
      if (options === undefined) return REFUSALS.connection
      this.connection = options
    }
    return this.#readFraming(fields, method, { lengthAt, codingAt })
  }

  /** RFC 9112 §6.3, in its order. */
  #readFraming(
    fields: HeaderList,
    method: string,
    { lengthAt, codingAt }: { lengthAt: number; codingAt: number },
  ): Refusal | undefined {
    if (lengthAt >= 0 && codingAt >= 0) return REFUSALS.lengthAndCoding
    let length = -1
    if (lengthAt >= 0) {
      length = parseLength(fields.valueAt(lengthAt))
      if (length < 0) return REFUSALS.length
    }
    if (codingAt >= 0) {
      if (this.minorVersion === 0) return REFUSALS.codingOn10
      if (fields.valueAt(codingAt).toLowerCase() !== 'chunked') return REFUSALS.coding
      // RFC 9112 §6.1: a 1xx or 204 answer has none.
      if (this.status < 200 || this.status === 204) return REFUSALS.bodiless
    }
    if (method === 'HEAD' || this.status < 200 || this.status === 204 || this.status === 304) this.body = NO_BODY
    else if (codingAt >= 0) this.body = CHUNKED
    else this.body = lengthAt >= 0 ? length : UNTIL_CLOSE
    return undefined
  }

  /** May the connection carry another exchange after this answer? RFC 9112 §9.3. */
  get keepsAlive(): boolean {
    if (this.connection.close || this.body === UNTIL_CLOSE) return false
    return this.minorVersion === 1 || this.connection.keepAlive
  }
}

/** Most answers say `OK`: a string of their own would cost each 60 ns. */
function toReason(octets: Uint8Array, at: number, end: number): string {
  if (end <= at) return ''
  return end - at === 2 && startsWith(octets, at, OK) ? 'OK' : toLatin1(octets, at, end)
}

function readKeepAlive(value: string): number {
  const seconds = /(?:^|[,;\s])timeout=(\d{1,6})(?:$|[,;\s])/i.exec(value)?.[1]
  return seconds === undefined ? -1 : Number(seconds)
}

/** RFC 9113 §4.1: the length of a frame, which is never so long. RFC 8446 §5.1: an alert. */
const FRAME = 0x00
const TLS_ALERT = 0x15

/** By the first octet alone, so that a fault is told the same however the octets are cut. */
function findForeign(first: number | undefined): Refusal | undefined {
  if (first === FRAME) return REFUSALS.http2
  return first === TLS_ALERT ? REFUSALS.tls : undefined
}
