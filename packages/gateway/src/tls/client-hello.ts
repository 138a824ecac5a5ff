/**
 * Owns the reading of a TLS ClientHello as far as it says which certificate and which demands count: RFC 8446 §4.1.2 inside the
 * records of §5.1. OpenSSL chooses versions and ciphers before anybody could tell it what a name demands, so the name is read first.
 *
 *   record  type 22 · version · length │ handshake  type 1 · length │ version · random · session id · ciphers · compressions · extensions
 */

export interface ClientHello {
  /** Lower case, without a trailing dot; undefined where none is said, or what is said is no name. */
  readonly serverName: string | undefined
  readonly protocols: readonly string[]
}

/** `incomplete`: more octets are needed; `invalid`: they are no ClientHello. */
export type ClientHelloReading = ClientHello | 'incomplete' | 'invalid'

const RECORD_HANDSHAKE = 22
const HANDSHAKE_CLIENT_HELLO = 1
const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16
const NAME_TYPE_HOST = 0
const RECORD_HEAD_BYTES = 5
const HANDSHAKE_HEAD_BYTES = 4
/** RFC 8446 §5.1. */
const MOST_RECORD_BYTES = 16_384
/** Browsers with post-quantum key shares send 1.8 KiB; what is much longer is no hello of a client that we serve. */
export const MOST_HELLO_BYTES = 16_384

/** RFC 6066 §3: a DNS name in ASCII. Addresses and anything else are no names. */
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/

export function parseClientHello(octets: Buffer): ClientHelloReading {
  const message = joinRecords(octets)
  if (!Buffer.isBuffer(message)) return message
  try {
    return readHello(new Cursor(message, HANDSHAKE_HEAD_BYTES, message.length))
  } catch (error) {
    if (error instanceof RangeError) return 'invalid'
    throw error
  }
}

/**
 * The handshake message, whole, out of the records that it is cut into. They are put together once all are there: whoever sends one octet at
 * a time, in records of one, would make us copy gigabytes otherwise.
 */
function joinRecords(octets: Buffer): Buffer | 'incomplete' | 'invalid' {
  let known = 0
  let end = Number.POSITIVE_INFINITY
  let head = 0
  for (let at = 0; ; ) {
    if (at < octets.length && octets[at] !== RECORD_HANDSHAKE) return 'invalid'
    if (octets.length < at + RECORD_HEAD_BYTES) return 'incomplete'
    const length = octets.readUInt16BE(at + 3)
    if (octets[at + 1] !== 3 || length === 0 || length > MOST_RECORD_BYTES) return 'invalid'
    const start = at + RECORD_HEAD_BYTES
    at = start + length
    const stop = Math.min(at, octets.length)
    for (let next = start; next < stop && known + next - start < HANDSHAKE_HEAD_BYTES; next++) {
      head = head * 256 + (octets[next] ?? 0)
      if (known + next - start === 0 && head !== HANDSHAKE_CLIENT_HELLO) return 'invalid'
    }
    known += stop - start
    if (known >= HANDSHAKE_HEAD_BYTES && end === Number.POSITIVE_INFINITY) {
      end = HANDSHAKE_HEAD_BYTES + (head % 2 ** 24)
      if (end > MOST_HELLO_BYTES) return 'invalid'
    }
    if (known >= end) return gather(octets, end)
    if (octets.length < at) return 'incomplete'
  }
}

/** The first `end` octets of what the records hold. */
function gather(octets: Buffer, end: number): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0, left = end; left > 0; ) {
    const start = at + RECORD_HEAD_BYTES
    at = start + octets.readUInt16BE(at + 3)
    const piece = octets.subarray(start, Math.min(at, start + left))
    pieces.push(piece)
    left -= piece.length
  }
  const [first = Buffer.alloc(0)] = pieces
  // The usual hello is one record, and is looked at where it was read.
  return pieces.length === 1 ? first : Buffer.concat(pieces, end)
}

function readHello(hello: Cursor): ClientHello {
  hello.skip(2 + 32)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  let serverName: string | undefined
  let protocols: readonly string[] = []
  // A hello without extensions says no name.
  if (hello.isAtEnd) return { serverName, protocols }
  const extensions = hello.vector(2)
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const extension = extensions.vector(2)
    if (type === EXTENSION_SERVER_NAME) serverName = readServerName(extension)
    else if (type === EXTENSION_ALPN) protocols = readProtocols(extension)
  }
  return { serverName, protocols }
}

/** RFC 6066 §3. */
function readServerName(extension: Cursor): string | undefined {
  const list = extension.vector(2)
  while (!list.isAtEnd) {
    const type = list.number(1)
    const name = list.vector(2).text().toLowerCase()
    if (type !== NAME_TYPE_HOST) continue
    if (name.length > 255 || !NAME.test(name)) return undefined
    return name.endsWith('.') ? name.slice(0, -1) : name
  }
  return undefined
}

/** RFC 7301 §3.1. */
function readProtocols(extension: Cursor): string[] {
  const protocols: string[] = []
  const list = extension.vector(2)
  while (!list.isAtEnd) protocols.push(list.vector(1).text())
  return protocols
}

/** Reads forwards within its bounds. @throws RangeError beyond them */
class Cursor {
  readonly #octets: Buffer
  readonly #end: number
  #at: number

  constructor(octets: Buffer, at: number, end: number) {
    if (at > end || end > octets.length) throw new RangeError('beyond the end')
    this.#octets = octets
    this.#at = at
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  skip(bytes: number): void {
    this.#at += bytes
    if (this.#at > this.#end) throw new RangeError('beyond the end')
  }

  number(bytes: 1 | 2): number {
    const at = this.#at
    this.skip(bytes)
    return this.#octets.readUIntBE(at, bytes)
  }

  /** What a length of so many octets says (RFC 8446 §3.4). */
  vector(lengthBytes: 1 | 2): Cursor {
    const length = this.number(lengthBytes)
    const at = this.#at
    this.skip(length)
    return new Cursor(this.#octets, at, at + length)
  }

  text(): string {
    return this.#octets.toString('latin1', this.#at, this.#end)
  }
}
