/** Owns how long somebody stands in line: until it is their turn, or their exchange has ended. */
import type { Exchange } from '../exchange.ts'
import type { Problem } from '../problem.ts'

/** `leave` takes them out of the line; false: it was their turn already. @rejects with what `turn` rejects with, or the exchange is aborted by */
export async function waitForTurn(
  turn: PromiseWithResolvers<void>,
  exchange: Exchange,
  leave: () => boolean,
): Promise<void> {
  const leaver = {
    onAbort: (problem: Problem) => {
      if (leave()) turn.reject(problem)
    },
  }
  exchange.onAbort(leaver)
  try {
    await turn.promise
  } finally {
    exchange.offAbort(leaver)
  }
}
