/** Owns what a request's head means: its line, its host, how its body is framed, and what the connection is asked for. */
import { type HeaderList, KNOWN_FIELDS, MARKS_PER_FIELD } from '@gatewright/policies'
import { type ConnectionOptions, NO_CONNECTION_OPTIONS, parseConnection } from './connection-options.ts'
import { CHUNKED, FRAMING_REFUSALS, NO_BODY, parseLength } from './framing.ts'
import { startsWith, toLatin1 } from './latin1.ts'
import { malformed, Refusal } from './refusal.ts'
import { TOKEN_CHARACTERS } from './scan-fields.ts'

/** How a client of HTTP/2 begins that knows no better (RFC 9113 §3.4). */
const PREFACE_LINE = 'PRI * HTTP/2.0'

const SP = 0x20
const DEL = 0x7f

export const REQUEST_REFUSALS = {
  ...FRAMING_REFUSALS,
  line: malformed('request-line', 'The request line must be: method, one space, target, one space, HTTP/1.1.'),
  version: new Refusal('version-not-supported', 'version', 'This gateway speaks HTTP/1.1 and HTTP/1.0 here.'),
  preface: new Refusal(
    'version-not-supported',
    'http2-preface',
    'This port speaks HTTP/1.1 alone. HTTP/2 without TLS is served where the listener says `http2: { priorKnowledge: true }`.',
  ),
  hostMissing: malformed('host-missing', 'An HTTP/1.1 request must have a Host field.'),
  hostTwice: malformed('host-twice', 'A request must have exactly one Host field.'),
  coding: new Refusal(
    'transfer-coding-not-supported',
    'transfer-encoding',
    'Only one `Transfer-Encoding: chunked` is supported.',
  ),
  connection: malformed('connection', 'The Connection field must be a list of tokens.'),
  expectation: new Refusal('expectation-failed', 'expect', 'Only `Expect: 100-continue` is supported.'),
} as const

/** A request line and the facts of its fields; one object a connection, filled anew for each request. */
export class RequestHead {
  method = ''
  target = ''
  /** 0 or 1 of HTTP/1.x. */
  minorVersion = 1
  hostAt = -1
  /** A length, `CHUNKED` or `NO_BODY`. */
  body = NO_BODY
  expectsContinue = false
  upgradeAt = -1
  connection: ConnectionOptions = NO_CONNECTION_OPTIONS

  /** RFC 9112 §3: method SP request-target SP HTTP-version, exactly two spaces. */
  readonly scanLine = (octets: Uint8Array, at: number, end: number): Refusal | undefined => {
    let i = at
    while (i < end && TOKEN_CHARACTERS[octets[i] ?? 0] === 1) i++
    if (i === at || octets[i] !== SP || i === end) return REQUEST_REFUSALS.line
    const methodEnd = i
    const targetAt = ++i
    for (; i < end; i++) {
      const code = octets[i] ?? 0
      if (code <= SP || code === DEL) break
    }
    if (i === targetAt || i === end || octets[i] !== SP) return REQUEST_REFUSALS.line
    const version = readVersion(octets, i + 1, end)
    if (version instanceof Refusal)
      return toLatin1(octets, at, end) === PREFACE_LINE ? REQUEST_REFUSALS.preface : version
    this.minorVersion = version
    this.method = toMethod(octets, at, methodEnd)
    this.target = toLatin1(octets, targetAt, i)
    return undefined
  }

  /** Reads the fields' facts. */
  readFields(fields: HeaderList): Refusal | undefined {
    this.hostAt = -1
    this.body = NO_BODY
    this.expectsContinue = false
    this.upgradeAt = -1
    this.connection = NO_CONNECTION_OPTIONS
    const { marks } = fields
    let lengthAt = -1
    let codingAt = -1
    let codings = 0
    let connections: string | undefined
    for (let i = 0, known = 4; known < marks.length; i++, known += MARKS_PER_FIELD) {
      switch (marks[known]) {
        case KNOWN_FIELDS.host:
          if (this.hostAt >= 0) return REQUEST_REFUSALS.hostTwice
          this.hostAt = i
          break
        case KNOWN_FIELDS['content-length']:
          // RFC 9112 §6.3: differing lengths are an attack; equal ones are too rare to be worth a special case.
          if (lengthAt >= 0) return REQUEST_REFUSALS.lengthTwice
          lengthAt = i
          break
        case KNOWN_FIELDS['transfer-encoding']:
          codingAt = i
          codings++
          break
        case KNOWN_FIELDS.connection:
          connections = connections === undefined ? fields.valueAt(i) : `${connections},${fields.valueAt(i)}`
          break
        case KNOWN_FIELDS.upgrade:
          this.upgradeAt = i
          break
        case KNOWN_FIELDS.expect:
          // RFC 9110 §10.1.1: an HTTP/1.0 client's expectation is ignored.
          if (this.minorVersion === 0) break
          if (fields.valueAt(i).toLowerCase() !== '100-continue') return REQUEST_REFUSALS.expectation
          this.expectsContinue = true
          break
      }
    }
    // RFC 9112 §3.2: a 1.1 request without Host is answered 400.
    if (this.hostAt < 0 && this.minorVersion === 1) return REQUEST_REFUSALS.hostMissing
    if (connections !== undefined) {
      const options = parseConnection(connections)
      if (options === undefined) return REQUEST_REFUSALS.connection
      this.connection = options
    }
    return this.#readFraming(fields, lengthAt, codings === 1 ? codingAt : codings === 0 ? -1 : -2)
  }

  /** RFC 9112 §6.1 and §6.3. `codingAt`: index of the only Transfer-Encoding, -1 for none, -2 for several. */
  #readFraming(fields: HeaderList, lengthAt: number, codingAt: number): Refusal | undefined {
    if (codingAt !== -1) {
      if (lengthAt >= 0) return REQUEST_REFUSALS.lengthAndCoding
      if (this.minorVersion === 0) return REQUEST_REFUSALS.codingOn10
      if (codingAt < 0 || fields.valueAt(codingAt).toLowerCase() !== 'chunked') return REQUEST_REFUSALS.coding
      this.body = CHUNKED
    } else if (lengthAt >= 0) {
      const length = parseLength(fields.valueAt(lengthAt))
      if (length < 0) return REQUEST_REFUSALS.length
      this.body = length
    }
    return undefined
  }

  /** RFC 9112 §9.3: 1.1 stays open unless told otherwise, 1.0 closes unless asked to stay. */
  get wantsClose(): boolean {
    return this.minorVersion === 1 ? this.connection.close : this.connection.close || !this.connection.keepAlive
  }
}

/** RFC 9112 §2.3: all that this engine speaks, but for its last digit. */
export const VERSION = Buffer.from('HTTP/1.', 'latin1')

function readVersion(octets: Uint8Array, at: number, end: number): number | Refusal {
  if (end - at === 8 && startsWith(octets, at, VERSION)) {
    const minor = (octets[end - 1] ?? 0) - 0x30
    if (minor === 1 || minor === 0) return minor
  }
  return /^HTTP\/[0-9]+(\.[0-9]+)?$/.test(toLatin1(octets, at, end)) ? REQUEST_REFUSALS.version : REQUEST_REFUSALS.line
}

/** The usual ones need no string of their own, and are compared by pointer later. */
const USUAL_METHODS = ['GET', 'PUT', 'POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'].map((name) => ({
  name,
  octets: Buffer.from(name, 'latin1'),
}))

function toMethod(octets: Uint8Array, at: number, end: number): string {
  for (let i = 0; i < USUAL_METHODS.length; i++) {
    const usual = USUAL_METHODS[i]
    if (usual !== undefined && usual.octets.length === end - at && startsWith(octets, at, usual.octets))
      return usual.name
  }
  return toLatin1(octets, at, end)
}
