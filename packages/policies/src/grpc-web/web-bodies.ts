/** Owns the bodies of gRPC-Web on their way: text becomes octets, and trailers become a last frame of the body. */
import { type Body, type BodySink, BytesBody, StreamBody } from '../messages/body.ts'
import type { HeaderList } from '../messages/header-list.ts'
import { ThroughSink, ThroughSource } from '../messages/through-body.ts'
import { FrameCheck } from './web-frames.ts'
import { toWebText, WebTextDecoder } from './web-text.ts'

/** PROTOCOL-WEB, "Message framing": the most significant bit of the first octet says that a frame holds trailers. */
const TRAILERS_FRAME = 0x80
const FRAME_HEAD_BYTES = 5

/** A request's body as octets of whole frames. */
class RequestReader extends ThroughSink {
  readonly #frames = new FrameCheck()
  readonly #text: WebTextDecoder | undefined

  constructor(sink: BodySink, isText: boolean) {
    super(sink)
    this.#text = isText ? new WebTextDecoder() : undefined
  }

  /** What text is written as is another copy. */
  get holdsNothing(): boolean {
    return this.#text !== undefined || this.sink.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    if (this.isBroken) return false
    try {
      const octets = this.#text?.decode(chunk) ?? chunk
      this.#frames.check(octets)
      // Less than a group of text is nothing yet.
      return octets.length === 0 || this.sink.write(octets)
    } catch (fault) {
      return this.break(fault)
    }
  }

  end(trailers?: HeaderList): void {
    if (this.isBroken) return
    try {
      this.#text?.finish()
      this.#frames.finish()
    } catch (fault) {
      this.break(fault)
      return
    }
    this.sink.end(trailers)
  }
}

/** The octets of a request. @throws Problem `malformed-request`, where all of it is there and makes no sense */
export function toGrpcRequest(body: Body, { isText }: { readonly isText: boolean }): Body {
  if (!(body instanceof BytesBody)) {
    const sizeBytes = isText ? undefined : body.sizeBytes
    return new StreamBody(new ThroughSource(body, { sizeBytes, toSink: (sink) => new RequestReader(sink, isText) }))
  }
  let octets = body.held()
  if (isText) {
    const decoder = new WebTextDecoder()
    octets = decoder.decode(octets)
    decoder.finish()
  }
  const frames = new FrameCheck()
  frames.check(octets)
  frames.finish()
  return isText ? new BytesBody(octets) : body
}

interface AnswerParts {
  readonly isText: boolean
  readonly onTrailers: (trailers: HeaderList) => void
}

class AnswerWriter extends ThroughSink {
  readonly #isText: boolean
  readonly #onTrailers: AnswerParts['onTrailers']

  constructor(sink: BodySink, { isText, onTrailers }: AnswerParts) {
    super(sink)
    this.#isText = isText
    this.#onTrailers = onTrailers
  }

  get holdsNothing(): boolean {
    return this.#isText || this.sink.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    return this.sink.write(this.#isText ? toWebText(chunk) : chunk)
  }

  end(trailers?: HeaderList): void {
    if (trailers !== undefined && trailers.size > 0) {
      this.#onTrailers(trailers)
      this.write(toTrailersFrame(trailers))
    }
    this.sink.end()
  }
}

/** An answer with its trailers as a last frame. */
export function toWebAnswer(body: Body, parts: AnswerParts): Body {
  return new StreamBody(
    new ThroughSource(body, { sizeBytes: undefined, toSink: (sink) => new AnswerWriter(sink, parts) }),
  )
}

/** PROTOCOL-WEB: names in lower case, lines as in HTTP/1.1. */
function toTrailersFrame(trailers: HeaderList): Uint8Array {
  let text = ''
  for (const [name, value] of trailers) text += `${name.toLowerCase()}: ${value}\r\n`
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + text.length)
  frame[0] = TRAILERS_FRAME
  frame.writeUInt32BE(text.length, 1)
  frame.write(text, FRAME_HEAD_BYTES, 'latin1')
  return frame
}
