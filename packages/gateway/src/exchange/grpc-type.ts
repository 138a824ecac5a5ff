/** Owns what is a call of gRPC, by what its heads say (gRPC over HTTP2, `Content-Type` and `Status`). */
import { type HeaderList, KNOWN_FIELDS } from '@gatewright/policies'

const GRPC = /^application\/grpc(?:-web(?:-text)?)?(?:$|[+;\s])/i
const WEB = /^application\/grpc-web/i

/** The content type of a message of gRPC or gRPC-Web; undefined: it is none. */
export function findGrpcType(headers: HeaderList): string | undefined {
  const at = headers.indexOfKnown(KNOWN_FIELDS['content-type'])
  if (at < 0) return undefined
  const type = headers.valueAt(at)
  return GRPC.test(type) ? type : undefined
}

/** Does this client read trailers? One of gRPC-Web reads the body, and has to see it broken where it is. */
export function readsTrailers(type: string | undefined): boolean {
  return type !== undefined && !WEB.test(type)
}
