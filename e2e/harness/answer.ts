/** Owns reading answers off a byte stream, strictly and independently of the gateway's own parser. */

export interface Answer {
  readonly version: string
  readonly status: number
  readonly reason: string
  /** In order, names as they came. Text is latin1. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** 1xx answers that came before. */
  readonly interim: readonly Answer[]
  /** Where it ends in the bytes. */
  readonly end: number
}

/** All values of one field joined by `, `, or undefined. */
export function findField(answer: Pick<Answer, 'fields'>, name: string): string | undefined {
  const values = answer.fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
  return values.length === 0 ? undefined : values.join(', ')
}

/** The code of a problem answer (`urn:gatewright:problem:<code>`), or undefined. */
export function findProblemCode(answer: Answer): string | undefined {
  if (!findField(answer, 'content-type')?.startsWith('application/problem+json')) return undefined
  const { type } = JSON.parse(answer.body.toString()) as { type: string }
  return type.replace('urn:gatewright:problem:', '')
}

export interface Reading {
  readonly method?: string
  /** Has the connection ended in order? Then a body without a length is complete. */
  readonly isEnded?: boolean
  readonly at?: number
}

/** undefined: more bytes are needed. Throws on what no HTTP/1.1 client may accept. */
export function parseAnswer(
  bytes: Buffer,
  { method = 'GET', isEnded = false, at = 0 }: Reading = {},
): Answer | undefined {
  const interim: Answer[] = []
  for (;;) {
    const answer = parseOne(bytes, { method, isEnded, at })
    if (answer === undefined) return undefined
    if (answer.status >= 200 || answer.status === 101) return { ...answer, interim }
    interim.push(answer)
    at = answer.end
  }
}

function parseOne(bytes: Buffer, { method, isEnded, at }: Required<Reading>): Answer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', at)
  if (headEnd < 0) return undefined
  const [line = '', ...rest] = bytes.toString('latin1', at, headEnd).split('\r\n')
  const parts = /^(HTTP\/1\.[01]) ([1-5]\d\d) ([^\r\n]*)$/.exec(line)
  if (parts === null) throw new Error(`bad status line ${JSON.stringify(line)}`)
  const fields = rest.map(toField)
  const head = { version: parts[1]!, status: Number(parts[2]), reason: parts[3]!, fields, trailers: [], interim: [] }
  const bodyAt = headEnd + 4
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) {
    return { ...head, body: Buffer.alloc(0), end: bodyAt }
  }
  const length = findField(head, 'content-length')
  const coding = findField(head, 'transfer-encoding')
  if (length !== undefined && coding !== undefined) throw new Error('an answer with a length and a coding')
  if (coding !== undefined) {
    const decoded = decodeChunks(bytes, bodyAt)
    return decoded && { ...head, ...decoded }
  }
  if (length === undefined) {
    return isEnded ? { ...head, body: bytes.subarray(bodyAt), end: bytes.length } : undefined
  }
  if (!/^\d+$/.test(length)) throw new Error(`bad length ${length}`)
  const end = bodyAt + Number(length)
  return bytes.length < end ? undefined : { ...head, body: bytes.subarray(bodyAt, end), end }
}

export interface DecodedChunks {
  readonly body: Buffer
  readonly trailers: (readonly [string, string])[]
  readonly end: number
}

/** undefined: more bytes are needed. */
export function decodeChunks(bytes: Buffer, from: number): DecodedChunks | undefined {
  const data: Buffer[] = []
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const line = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`bad chunk size ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    at = lineEnd + 2
    if (size === 0) {
      if (bytes.toString('latin1', at, at + 2) === '\r\n')
        return { body: Buffer.concat(data), trailers: [], end: at + 2 }
      const end = bytes.indexOf('\r\n\r\n', at)
      if (end < 0) return undefined
      return {
        body: Buffer.concat(data),
        trailers: bytes.toString('latin1', at, end).split('\r\n').map(toField),
        end: end + 4,
      }
    }
    if (bytes.length < at + size + 2) return undefined
    if (bytes.toString('latin1', at + size, at + size + 2) !== '\r\n') throw new Error('a chunk without CR LF after it')
    data.push(bytes.subarray(at, at + size))
    at += size + 2
  }
}

export function toField(line: string): readonly [string, string] {
  const parts = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line)
  if (parts === null) throw new Error(`bad field line ${JSON.stringify(line)}`)
  return [parts[1]!, parts[2]!]
}
