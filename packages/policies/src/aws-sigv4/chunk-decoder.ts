/**
 * Owns bodies of the content coding `aws-chunked`: octets in, octets of proven chunks out.
 *
 *   400;chunk-signature=<64 hex>\r\n <1024 octets> \r\n … 0;chunk-signature=<64 hex>\r\n [trailer lines] \r\n
 *
 * Each signature covers its chunk and the signature before it; the first one that of the request. Amazon S3 API Reference,
 * "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and "… Including Trailing Headers".
 */
import { createHash, hash } from 'node:crypto'
import { EMPTY_PAYLOAD_HASH } from '../aws-signature/sign-aws-request.ts'
import { isSameSignature, type SigningScope, signText, toScopeText } from '../aws-signature/signing-scope.ts'
import { PieceList } from '../messages/piece-list.ts'
import { Problem } from '../problem.ts'
import type { Refuse } from './claimed-signature.ts'

/** What chunks are proved by. */
export interface ChunkSeed {
  readonly key: Buffer
  readonly amzDate: string
  readonly scope: SigningScope
  /** Of the request: the first chunk is chained to it. */
  readonly signature: string
}

export interface ChunkRules {
  /** Absent: chunks are not signed. */
  readonly seed: ChunkSeed | undefined
  readonly hasTrailer: boolean
  readonly decodedBytes: number
  /** A signed chunk is kept until it is proved. */
  readonly mostChunkBytes: number
  /** Lines come out as well, for whoever decodes and proves again. */
  readonly keepsLines: boolean
  readonly refuse: Refuse
}

type State = 'chunk-line' | 'data' | 'data-end' | 'trailer' | 'last-line' | 'done'

const LF = 0x0a
/** A chunk's line has 90 octets; a trailer is a checksum or a signature. */
const MOST_LINE_BYTES = 1024
const MOST_TRAILER_LINES = 16
const CHUNK_LINE = /^([0-9A-Fa-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/
const TRAILER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\n?$/
const TRAILER_SIGNATURE = 'x-amz-trailer-signature'

export class AwsChunkDecoder {
  readonly #rules: ChunkRules
  readonly #scope: string
  #state: State = 'chunk-line'
  /** Of the chunk or of the request before. */
  #signature: string
  #claimed = ''
  #remaining = 0
  #decodedBytes = 0
  #hash = createHash('sha256')
  readonly #held = new PieceList()
  #line = ''
  #trailer = ''
  #trailerLines = 0
  #trailerSignature: string | undefined

  constructor(rules: ChunkRules) {
    this.#rules = rules
    this.#signature = rules.seed?.signature ?? ''
    this.#scope = rules.seed === undefined ? '' : toScopeText(rules.seed.scope)
  }

  /** What is proved by now. @throws Problem `credential-invalid` for what does not hold, `body-too-large` for a chunk that is */
  decode(octets: Uint8Array): Uint8Array {
    const out: Uint8Array[] = []
    let at = 0
    while (at < octets.length) {
      at = this.#state === 'data' ? this.#readData(octets, at, out) : this.#readLine(octets, at, out)
    }
    return out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out)
  }

  /** @throws Problem `credential-invalid` when the last chunk did not come */
  finish(): void {
    if (this.#state !== 'done') throw this.#refuse('chunk-missing', 'The body ends before its last chunk.')
  }

  #refuse(reason: string, detail: string): Problem {
    return this.#rules.refuse(reason, detail)
  }

  #readData(octets: Uint8Array, at: number, out: Uint8Array[]): number {
    const end = Math.min(octets.length, at + this.#remaining)
    const data = octets.subarray(at, end)
    this.#remaining -= data.length
    if (this.#rules.seed === undefined) {
      out.push(data)
    } else {
      this.#hash.update(data)
      this.#held.push(data)
    }
    if (this.#remaining === 0) {
      this.#state = 'data-end'
      this.#proveChunk(this.#hash.digest('hex'), out)
      this.#hash = createHash('sha256')
    }
    return end
  }

  #readLine(octets: Uint8Array, at: number, out: Uint8Array[]): number {
    if (this.#state === 'done') throw this.#refuse('chunk-excess', 'The body goes on behind its last chunk.')
    const lineFeed = octets.indexOf(LF, at)
    const end = lineFeed < 0 ? octets.length : lineFeed + 1
    const part = octets.subarray(at, end)
    if (this.#line.length + part.length > MOST_LINE_BYTES) throw this.#refuseLine()
    this.#line += Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')
    if (lineFeed < 0) return end
    // A trailer may end in a line feed of its own, which is signed with it: its line goes on to the next CRLF.
    if (!this.#line.endsWith('\r\n')) {
      if (this.#state === 'trailer') return end
      throw this.#refuseLine()
    }
    const line = this.#line
    this.#line = ''
    if (this.#rules.keepsLines) this.#held.push(Buffer.from(line, 'latin1'))
    this.#takeLine(line.slice(0, -2), out)
    return end
  }

  #takeLine(line: string, out: Uint8Array[]): void {
    if (this.#state === 'chunk-line') return this.#beginChunk(line, out)
    if (this.#state === 'trailer' && line !== '') return this.#takeTrailer(line)
    if (line !== '') throw this.#refuseLine()
    if (this.#state === 'data-end') {
      this.#state = 'chunk-line'
    } else {
      if (this.#state === 'trailer') this.#proveTrailer()
      this.#state = 'done'
    }
    this.#release(out)
  }

  #beginChunk(line: string, out: Uint8Array[]): void {
    const { seed, decodedBytes, hasTrailer, mostChunkBytes } = this.#rules
    const parts = CHUNK_LINE.exec(line)
    if (parts === null || (parts[2] === undefined) !== (seed === undefined)) throw this.#refuseLine()
    this.#claimed = parts[2] ?? ''
    this.#remaining = Number.parseInt(parts[1] ?? '', 16)
    this.#decodedBytes += this.#remaining
    const isLast = this.#remaining === 0
    if (this.#decodedBytes > decodedBytes || (isLast && this.#decodedBytes < decodedBytes)) {
      throw this.#refuse('decoded-length', 'The chunks hold more or less than X-Amz-Decoded-Content-Length says.')
    }
    if (seed !== undefined && this.#remaining > mostChunkBytes) {
      throw new Problem('body-too-large', { detail: `A signed chunk may hold at most ${mostChunkBytes} bytes.` })
    }
    if (!isLast) {
      this.#state = 'data'
      if (seed === undefined) this.#release(out)
      return
    }
    this.#proveChunk(EMPTY_PAYLOAD_HASH, out)
    this.#state = hasTrailer ? 'trailer' : 'last-line'
  }

  #proveChunk(dataHash: string, out: Uint8Array[]): void {
    const { seed } = this.#rules
    if (seed !== undefined)
      this.#prove(
        `PAYLOAD\n${seed.amzDate}\n${this.#scope}\n${this.#signature}\n${EMPTY_PAYLOAD_HASH}\n${dataHash}`,
        this.#claimed,
      )
    this.#signature = this.#claimed
    this.#release(out)
  }

  #takeTrailer(line: string): void {
    const parts = TRAILER_LINE.exec(line)
    this.#trailerLines += 1
    // The signature is the last: what follows it is not covered.
    if (parts === null || this.#trailerSignature !== undefined || this.#trailerLines > MOST_TRAILER_LINES) {
      throw this.#refuseLine()
    }
    const [, name = '', value = ''] = parts
    if (name.toLowerCase() === TRAILER_SIGNATURE) this.#trailerSignature = value
    else this.#trailer += `${name.toLowerCase()}:${value}\n`
  }

  #proveTrailer(): void {
    const { seed } = this.#rules
    if (seed === undefined) return
    const text = `TRAILER\n${seed.amzDate}\n${this.#scope}\n${this.#signature}\n${hash('sha256', Buffer.from(this.#trailer, 'latin1'))}`
    this.#prove(text, this.#trailerSignature ?? '')
  }

  #prove(text: string, claimed: string): void {
    const { seed } = this.#rules
    if (seed === undefined || isSameSignature(signText(seed.key, `AWS4-HMAC-SHA256-${text}`), claimed)) return
    throw this.#refuse(
      'chunk-signature',
      'The signature of a chunk, or of what follows the chunks, is not that of its octets.',
    )
  }

  #release(out: Uint8Array[]): void {
    if (this.#held.bytes > 0) out.push(...this.#held.take())
  }

  #refuseLine(): Problem {
    return this.#refuse('chunk-malformed', 'The body is not written in chunks as x-amz-content-sha256 says.')
  }
}
