/**
 * Owns what is left to the end of a turn of the event loop: everything that came is looked at first, then everything is written.
 *
 *   reads and answers of this turn ──▶ waiting ──▶ writes, one after the other ──▶ next turn
 *
 * A write wakes whoever waits for it, and a process that has gone to sleep again is woken once more by the next: writes that
 * follow each other at once find it awake. Measured: 4 % to 6 % of a proxied request's CPU.
 */

export interface TurnEndListener {
  /** The turn ends; called once for each `atTurnEnd`. */
  onTurnEnd(): void
}

let waiting: TurnEndListener[] = []

export function atTurnEnd(listener: TurnEndListener): void {
  if (waiting.push(listener) === 1) setImmediate(endTurn)
}

function endTurn(): void {
  const due = waiting
  waiting = []
  let next = 0
  try {
    while (next < due.length) due[next++]?.onTurnEnd()
  } finally {
    // One that throws must not cost the others their turn.
    for (; next < due.length; next++) {
      const listener = due[next]
      if (listener !== undefined) atTurnEnd(listener)
    }
  }
}
