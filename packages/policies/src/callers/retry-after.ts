/** Owns when a client may come back, as it is told. */

/** RFC 9110 §10.2.3: whole seconds. Rounded up: a caller who waits so long is not refused for having come early. */
export function toRetrySeconds(retryAfterMs: number): number {
  return Math.max(1, Math.ceil(retryAfterMs / 1000))
}
