/** Owns the wait for a short request body that is still arriving: whoever sends it slowly holds no target, connection or breaker meanwhile. */
import { type AbortListener, type Body, BytesBody, type Exchange, Problem } from '@gatewright/policies'

/** A body that says it is no longer is awaited whole; a longer one, or one that does not say, streams. */
const AWAITED_BYTES = 65_536

/** Is it to be awaited, and not all there yet? */
export function isArriving(body: Body): boolean {
  if (body instanceof BytesBody || body.sizeBytes === undefined) return false
  return body.sizeBytes <= AWAITED_BYTES && !body.isReplayable
}

/** Answers when the body is there, or with why it never will be. Never rejects. */
export function awaitBody(exchange: Exchange): Promise<Problem | undefined> {
  return new Promise((resolve) => {
    const listener: AbortListener = { onAbort: resolve }
    const finish = (problem: Problem | undefined): void => {
      exchange.offAbort(listener)
      resolve(problem)
    }
    exchange.onAbort(listener)
    if (exchange.abortedBy !== undefined) return
    try {
      Promise.resolve(exchange.request.body.hold(AWAITED_BYTES)).then(
        () => finish(undefined),
        (thrown) => finish(Problem.from(thrown)),
      )
    } catch (thrown) {
      // A policy has read it already, say.
      finish(Problem.from(thrown))
    }
  })
}
