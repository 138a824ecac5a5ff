/** Owns the change of a request whose body comes in signed chunks: it flows on as it is proved, chunk by chunk. */
import { type Body, type BodySink, BytesBody, StreamBody } from '../messages/body.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { ThroughSink, ThroughSource } from '../messages/through-body.ts'
import { AwsChunkDecoder, type ChunkRules } from './chunk-decoder.ts'

class ChunkReader extends ThroughSink {
  readonly #decoder: AwsChunkDecoder

  constructor(sink: BodySink, rules: ChunkRules) {
    super(sink)
    this.#decoder = new AwsChunkDecoder(rules)
  }

  write(chunk: Uint8Array): boolean {
    if (this.isBroken) return false
    try {
      const octets = this.#decoder.decode(chunk)
      return octets.length === 0 || this.sink.write(octets)
    } catch (problem) {
      return this.break(problem)
    }
  }

  /** RFC 9110 §6.5.1: trailers of the message itself are not signed, and end here. */
  end(): void {
    if (this.isBroken) return
    try {
      this.#decoder.finish()
    } catch (problem) {
      this.break(problem)
      return
    }
    this.sink.end()
  }
}

/** A body at hand is proved at once. @throws Problem as the decoder does */
export function proveChunks(request: GatewayRequest, rules: ChunkRules): void {
  const { body } = request
  request.body = body instanceof BytesBody ? decodeAll(body, rules) : decodeStream(body, rules)
  if (!rules.keepsLines) dropCoding(request.headers)
}

function decodeAll(body: BytesBody, rules: ChunkRules): Body {
  const decoder = new AwsChunkDecoder(rules)
  const octets = decoder.decode(body.held())
  decoder.finish()
  return new BytesBody(octets)
}

function decodeStream(body: Body, rules: ChunkRules): Body {
  const sizeBytes = rules.keepsLines ? body.sizeBytes : rules.decodedBytes
  return new StreamBody(new ThroughSource(body, { sizeBytes, toSink: (sink) => new ChunkReader(sink, rules) }))
}

/** What says how the body came, and is not true of it any more. */
function dropCoding(headers: HeaderList): void {
  const codings = headers
    .getAll('content-encoding')
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
  if (codings.length === 0) headers.delete('content-encoding')
  else headers.set('Content-Encoding', codings.join(', '))
  for (const name of ['content-length', 'x-amz-decoded-content-length', 'x-amz-content-sha256', 'x-amz-trailer']) {
    headers.delete(name)
  }
}
