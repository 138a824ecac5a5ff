/** Owns the reading of what a rehearsed connection wrote: interim answers, then the one that counts. */
import { ChunkDecoder } from '../http1/chunk-decoder.ts'
import { CHUNKED, NO_BODY, UNTIL_CLOSE } from '../http1/framing.ts'
import { HeadParser } from '../http1/head-parser.ts'
import { Refusal } from '../http1/refusal.ts'
import { ResponseHead } from '../http1/response-head.ts'

export type Fields = readonly (readonly [name: string, value: string])[]

/** An answer as its client sees it. */
export interface ReceivedAnswer {
  readonly status: number
  readonly headers: Fields
  readonly body: Buffer
  /** Interim answers before it (RFC 9110 §15.2). */
  readonly interim: readonly number[]
}

const MOST = 1 << 30
const NO_LIMITS = { firstLineBytes: MOST, headerBytes: MOST, headerFields: MOST }

/** undefined: nothing, or no whole head, was written. @throws when the gateway wrote what is not valid HTTP. */
export function parseAnswer(bytes: Buffer, method: string): ReceivedAnswer | undefined {
  const interim: number[] = []
  let rest = bytes
  for (;;) {
    const head = new ResponseHead()
    const parser = new HeadParser(NO_LIMITS, head.scanLine, { skipsEmptyLine: false })
    const fields = parser.push(rest)
    if (fields === undefined) return undefined
    if (fields instanceof Refusal) throw new Error(`the gateway answered in invalid HTTP: ${fields.detail}`)
    const refusal = head.readFields(fields, method)
    if (refusal !== undefined) throw new Error(`the gateway answered in invalid HTTP: ${refusal.detail}`)
    const body = rest.subarray(parser.bodyAt)
    if (head.status >= 200 || head.status === 101) {
      const headers = Array.from({ length: fields.size }, (_, i) => [fields.nameAt(i), fields.valueAt(i)] as const)
      return { status: head.status, headers, body: toBody(body, head.body), interim }
    }
    interim.push(head.status)
    rest = body
  }
}

function toBody(bytes: Buffer, framing: number): Buffer {
  if (framing === NO_BODY) return Buffer.alloc(0)
  if (framing === UNTIL_CLOSE) return bytes
  if (framing !== CHUNKED) return bytes.subarray(0, framing)
  const chunks: Uint8Array[] = []
  new ChunkDecoder().push(bytes, 0, (chunk) => void chunks.push(Buffer.from(chunk)))
  return Buffer.concat(chunks)
}
