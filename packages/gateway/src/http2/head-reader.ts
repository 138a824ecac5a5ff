/**
 * Owns what a decoded header block means (RFC 9113 §8.2, §8.3): pseudo-fields apart, ordinary fields as a list, and whatever makes
 * the message malformed. Reading goes on behind a fault: the tables have to stay in step, and the record wants method and path.
 */
import { HeaderList, KNOWN_FIELDS } from '@gatewright/policies'
import { FRAMING_REFUSALS, parseLength } from '../http1/framing.ts'
import { malformed, Refusal } from '../http1/refusal.ts'
import { TOKEN_CHARACTERS } from '../http1/scan-fields.ts'
import { DecodedHead } from './decoded-head.ts'
import type { HpackField } from './hpack/hpack-field.ts'

export type HeadKind = 'request' | 'response' | 'trailers'

export const HEAD_REFUSALS = {
  late: malformed('pseudo-field-late', 'Pseudo-fields must stand before all other fields.'),
  unknown: malformed('pseudo-field-unknown', 'This pseudo-field is not one of a message of this kind.'),
  twice: malformed('pseudo-field-twice', 'A pseudo-field must not stand twice.'),
  missing: malformed('pseudo-field-missing', 'A request must have :method, :scheme and :path, an answer :status.'),
  connection: malformed('connection-field', 'HTTP/2 has no fields about its connection.'),
  te: malformed('te', 'The TE field may say `trailers` only.'),
  method: malformed('method', 'The method must be a token.'),
  scheme: malformed('scheme', 'The scheme must be a letter and then letters, digits, "+", "-", ".".'),
  path: malformed('path', 'The path must begin with "/" and hold no space, or be "*" for OPTIONS.'),
  authority: malformed('authority', 'A request must name one host, without user, in :authority or Host.'),
  hostTwice: malformed('host-twice', 'A request must not have more than one Host field.'),
  hostDiffers: malformed('host-differs', 'The fields :authority and Host must name the same place.'),
  connect: malformed('connect', 'CONNECT has an authority, and neither scheme nor path.'),
  protocol: malformed('protocol', 'The pseudo-field :protocol is for CONNECT, and only where it is offered.'),
  status: malformed('status', 'The status must be a number from 100 to 599, and not 101.'),
  length: FRAMING_REFUSALS.length,
  lengthTwice: FRAMING_REFUSALS.lengthTwice,
  list: new Refusal('header-too-large', 'header-list', 'The header fields are too large in all.'),
  lengthDiffers: malformed('content-length-differs', 'The body is not as long as Content-Length says.'),
  count: new Refusal('header-too-large', 'header-count', 'There are too many header fields.'),
} as const

/** As many times the limit may a list be long before it is an attack: until then it is refused politely. */
const BOMB_FACTOR = 4

/** Which came, as bits. */
const METHOD = 1
const SCHEME = 2
const AUTHORITY = 4
const PATH = 8
const PROTOCOL = 16
const STATUS = 32
const HOST = 64
const REQUEST_FIELDS = METHOD | SCHEME | AUTHORITY | PATH | PROTOCOL

const SCHEME_FORM = /^[a-z][a-z0-9+.-]*$/i
const SLASH = 0x2f

export interface HeadLimits {
  readonly headerListBytes: number
  readonly headerFields: number
  readonly takesExtendedConnect: boolean
}

export class HeadReader {
  readonly head: DecodedHead = new DecodedHead()
  /** The list is so much above the limit that nothing more of this peer is wanted. */
  isBomb = false
  readonly #limits: HeadLimits
  #allowed = 0
  #refusal: Refusal | undefined
  #seen = 0
  #isPastPseudo = false
  #listBytes = 0
  #text = ''
  #marks: number[] = []
  #cookies = ''
  #host = ''
  #neverIndexed: string[] | undefined

  constructor(limits: HeadLimits) {
    this.#limits = limits
  }

  begin(kind: HeadKind): void {
    this.head.clear()
    this.isBomb = false
    this.#allowed = kind === 'request' ? REQUEST_FIELDS : kind === 'response' ? STATUS : 0
    this.#refusal = undefined
    this.#seen = 0
    this.#isPastPseudo = false
    this.#listBytes = 0
    this.#text = ''
    this.#marks = []
    this.#cookies = ''
    this.#host = ''
    this.#neverIndexed = undefined
  }

  onField(field: HpackField): void {
    this.#listBytes += field.sizeBytes
    if (this.#listBytes > this.#limits.headerListBytes) {
      // RFC 9113 §10.5.1: what is too large is refused, and the connection goes on.
      this.#refuse(HEAD_REFUSALS.list)
      this.isBomb ||= this.#listBytes > this.#limits.headerListBytes * BOMB_FACTOR
      return
    }
    if (field.fault !== undefined) return this.#refuse(field.fault)
    if (field.isPseudo) return this.#takePseudo(field)
    this.#isPastPseudo = true
    if (field.isNeverIndexed) this.#neverIndexed = [...(this.#neverIndexed ?? []), field.name]
    if (field.known !== 0) this.#look(field)
    else if (field.name === 'cookie') return this.#takeCrumb(field.value)
    this.#put(field)
  }

  #put({ line, name, value, known }: HpackField): void {
    const at = this.#text.length
    const valueAt = at + name.length + 2
    this.#text += line
    this.#marks.push(at, at + name.length, valueAt, valueAt + value.length, known)
  }

  /** RFC 9113 §8.2.3: cookies come in crumbs, and are one field for whoever is not HTTP/2. */
  #takeCrumb(value: string): void {
    this.#cookies += this.#cookies === '' ? value : `; ${value}`
  }

  #look({ known, value }: HpackField): void {
    switch (known) {
      // RFC 9113 §8.2.2.
      case KNOWN_FIELDS.connection:
      case KNOWN_FIELDS['keep-alive']:
      case KNOWN_FIELDS['proxy-connection']:
      case KNOWN_FIELDS['transfer-encoding']:
      case KNOWN_FIELDS.upgrade:
        return this.#refuse(HEAD_REFUSALS.connection)
      case KNOWN_FIELDS.te:
        if (value !== 'trailers') this.#refuse(HEAD_REFUSALS.te)
        return
      case KNOWN_FIELDS['content-length']:
        if (this.head.contentLength >= 0) return this.#refuse(HEAD_REFUSALS.lengthTwice)
        this.head.contentLength = parseLength(value)
        if (this.head.contentLength < 0) this.#refuse(HEAD_REFUSALS.length)
        return
      case KNOWN_FIELDS.host:
        if ((this.#seen & HOST) !== 0) return this.#refuse(HEAD_REFUSALS.hostTwice)
        this.#seen |= HOST
        this.#host = value
        return
    }
  }

  #takePseudo({ name, value }: HpackField): void {
    const { head } = this
    switch (name) {
      case ':method':
        head.method = value
        return this.#note(METHOD)
      case ':path':
        head.path = value
        return this.#note(PATH)
      case ':scheme':
        head.scheme = value
        return this.#note(SCHEME)
      case ':authority':
        head.authority = value
        return this.#note(AUTHORITY)
      case ':protocol':
        head.protocol = value
        return this.#note(PROTOCOL)
      case ':status':
        head.status = toStatus(value)
        return this.#note(STATUS)
      default:
        return this.#refuse(HEAD_REFUSALS.unknown)
    }
  }

  #note(bit: number): void {
    // RFC 9113 §8.3.
    if ((this.#allowed & bit) === 0) this.#refuse(HEAD_REFUSALS.unknown)
    else if (this.#isPastPseudo) this.#refuse(HEAD_REFUSALS.late)
    else if ((this.#seen & bit) !== 0) this.#refuse(HEAD_REFUSALS.twice)
    this.#seen |= bit
  }

  #refuse(refusal: Refusal): void {
    this.#refusal ??= refusal
  }

  /** The block is done: `head` holds what it said. */
  finish(): Refusal | undefined {
    const cookies = this.#cookies
    if (cookies !== '') {
      const at = this.#text.length
      this.#text += `cookie: ${cookies}\r\n`
      this.#marks.push(at, at + 6, at + 8, at + 8 + cookies.length, 0)
    }
    const { authority } = this.head
    // Whoever reads the fields finds it where HTTP/1.1 has it.
    if (this.#allowed === REQUEST_FIELDS && this.#host === '' && authority !== '') this.#putHost(authority)
    this.head.headers = HeaderList.parsed(this.#text, this.#marks)
    this.head.headers.neverIndexed = this.#neverIndexed
    if (this.#refusal !== undefined) return this.#refusal
    if (this.head.headers.size > this.#limits.headerFields) return HEAD_REFUSALS.count
    if (this.#allowed === REQUEST_FIELDS) return this.#checkRequest()
    return this.#allowed === STATUS ? this.#checkResponse() : undefined
  }

  #putHost(authority: string): void {
    const at = this.#text.length
    this.#text += `host: ${authority}\r\n`
    this.#marks.push(at, at + 4, at + 6, at + 6 + authority.length, KNOWN_FIELDS.host)
  }

  #checkRequest(): Refusal | undefined {
    const { method, scheme, path, protocol } = this.head
    if (method === '') return HEAD_REFUSALS.missing
    if (!isToken(method)) return HEAD_REFUSALS.method
    if ((this.#seen & PROTOCOL) !== 0) {
      // RFC 8441 §4.
      if (method !== 'CONNECT' || !this.#limits.takesExtendedConnect || !isToken(protocol))
        return HEAD_REFUSALS.protocol
    } else if (method === 'CONNECT') {
      // RFC 9113 §8.5.
      if ((this.#seen & (SCHEME | PATH)) !== 0 || this.head.authority === '') return HEAD_REFUSALS.connect
      return this.#checkAuthority()
    }
    if ((this.#seen & (SCHEME | PATH)) !== (SCHEME | PATH)) return HEAD_REFUSALS.missing
    if (scheme !== 'https' && scheme !== 'http' && !SCHEME_FORM.test(scheme)) return HEAD_REFUSALS.scheme
    if (!isPath(path, method)) return HEAD_REFUSALS.path
    return this.#checkAuthority()
  }

  /** RFC 9113 §8.3.1: there is one, without user, and Host says no other. */
  #checkAuthority(): Refusal | undefined {
    const { authority } = this.head
    const host = this.#host
    const named = (this.#seen & AUTHORITY) !== 0 ? authority : host
    if (named === '' || named.includes('@')) return HEAD_REFUSALS.authority
    if (host !== '' && host !== authority && authority !== '' && host.toLowerCase() !== authority.toLowerCase()) {
      return HEAD_REFUSALS.hostDiffers
    }
    return undefined
  }

  #checkResponse(): Refusal | undefined {
    if ((this.#seen & STATUS) === 0) return HEAD_REFUSALS.missing
    // RFC 9113 §8.6: there is no 101.
    return this.head.status === 0 || this.head.status === 101 ? HEAD_REFUSALS.status : undefined
  }
}

/** RFC 9113 §8.3.1: not empty; `*` for OPTIONS. As in a request line, no space stands in it (RFC 9112 §3.2). */
function isPath(path: string, method: string): boolean {
  if (path.charCodeAt(0) === SLASH) return !path.includes(' ') && !path.includes('\t')
  return path === '*' && method === 'OPTIONS'
}

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN_CHARACTERS[text.charCodeAt(i)] !== 1) return false
  return text !== ''
}

/** RFC 9110 §15: three digits, the first of them 1–5. 0: it is none. */
function toStatus(value: string): number {
  return /^[1-5]\d\d$/.test(value) ? Number(value) : 0
}
