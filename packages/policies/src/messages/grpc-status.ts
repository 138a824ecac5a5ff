/** Owns the reading of how a call of gRPC ended (gRPC over HTTP2, `Status`). */
import type { HeaderList } from './header-list.ts'

/** What a head or trailers say of it; undefined: nothing. */
export function readGrpcStatus(fields: HeaderList | undefined): number | undefined {
  const said = fields?.get('grpc-status')
  return said !== undefined && /^\d{1,3}$/.test(said) ? Number(said) : undefined
}
