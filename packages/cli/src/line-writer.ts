/** Owns the way of lines to a stream whose reader may stall: what waits is bounded, and what is lost is counted and told once there is room. */
import type { Writable } from 'node:stream'

/** As much as an access log may have waiting: hours of an ordinary program's log. */
const MOST_WAITING_BYTES = 1_048_576

/** `onLost` hears how many lines were lost since it was last told. */
export function createLineWriter(stream: Writable, onLost: (lines: number) => void): (line: string) => void {
  let lost = 0
  const tell = (): void => {
    const lines = lost
    lost = 0
    onLost(lines)
  }
  return (line) => {
    // A line that is larger than all that may wait is written where nothing waits.
    if (stream.writableLength === 0 || stream.writableLength + line.length <= MOST_WAITING_BYTES) {
      stream.write(line)
      return
    }
    if (lost === 0) stream.once('drain', tell)
    lost++
  }
}
