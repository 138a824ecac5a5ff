/** Owns ids: 16 random octets a request (also its trace id) and 8 for its span, drawn from a pool that is filled rarely. */
import { randomFillSync } from 'node:crypto'

const ID_BYTES = 24
/** 340 ids a refill: one call into OpenSSL for that many requests. */
const POOL_BYTES = ID_BYTES * 340

const pool = Buffer.alloc(POOL_BYTES)
let at = POOL_BYTES

/** 48 lower-case hex digits: the first 32 are the exchange's id, the last 16 its span's. */
export function drawIds(): string {
  if (at === POOL_BYTES) {
    randomFillSync(pool)
    at = 0
  }
  const ids = pool.toString('hex', at, at + ID_BYTES)
  at += ID_BYTES
  return ids
}
