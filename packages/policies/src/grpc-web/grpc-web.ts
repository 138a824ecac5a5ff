/** Owns gRPC-Web (grpc/grpc, PROTOCOL-WEB): what browsers speak, made gRPC for the upstream and back again. */
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import { BytesBody } from '../messages/body.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { toGrpcRequest, toWebAnswer } from './web-bodies.ts'

/** `application/grpc-web-text+proto`: the text form, and what the messages are in. */
const WEB_TYPE = /^application\/grpc-web(-text)?(\+[!#$%&'*+.^_`|~\w-]+)?(?:[ \t]*;.*)?$/i
const GRPC_TYPE = /^application\/grpc(\+[!#$%&'*+.^_`|~\w-]+)?(?:[ \t]*;.*)?$/i

export const grpcWeb = definePolicy({
  name: 'grpc-web',
  phase: 'transform',
  needs: 'http2-upstream',
  summary: 'Lets browsers call services of gRPC: translates gRPC-Web, binary and text, in both directions.',
  options: z.strictObject({}),
  examples: [{ says: 'Requests of another content type pass as they are.', options: {} }],

  create() {
    return async function grpcWeb(exchange, next) {
      const { headers, body } = exchange.request
      const type = headers.get('content-type') ?? ''
      const web = WEB_TYPE.exec(type)
      if (web === null) return next(exchange)
      const [, text, format = ''] = web
      const isText = text !== undefined
      exchange.request.body = toGrpcRequest(body, { isText })
      // Before others may change it for the upstream.
      const isTextWanted = wantsText(headers, isText)
      headers.set('Content-Type', `application/grpc${format}`)
      headers.set('TE', 'trailers')
      const response = await next(exchange)
      // Whatever is answered outside is answered to a client of gRPC-Web.
      exchange.request.headers.set('Content-Type', type)
      return toWeb(response, { isText: isTextWanted, exchange })
    }
  },
})

/** PROTOCOL-WEB: what the request says in `Accept`, or else what it is itself. */
function wantsText(headers: HeaderList, isText: boolean): boolean {
  const accepted = /application\/grpc-web(-text)?/i.exec(headers.get('accept') ?? '')
  return accepted === null ? isText : accepted[1] !== undefined
}

interface Wanted {
  readonly isText: boolean
  readonly exchange: Exchange
}

function toWeb(response: GatewayResponse, { isText, exchange }: Wanted): GatewayResponse {
  const { headers, body } = response
  exchange.noteGrpcStatus(headers)
  const type = GRPC_TYPE.exec(headers.get('content-type') ?? '')
  // A page of whoever stands before the service, say: the client reads its status.
  if (response.problem !== undefined || type === null) return response
  headers.set('Content-Type', `application/grpc-web${isText ? '-text' : ''}${type[1] ?? ''}`)
  headers.delete('trailer')
  // Without a body its status stands in the head, where clients look first. One that arrives may have trailers, however short it is.
  if (!(body instanceof BytesBody && body.isEmpty)) {
    response.body = toWebAnswer(body, { isText, onTrailers: (trailers) => exchange.noteGrpcStatus(trailers) })
  }
  return response
}
