/** The gates of CEL's functions on texts: what they pay, and those that the library would run in quadratic time or wrongly. */
import type { CelLibrary, CelResult, CelValue } from './cel-library.ts'
import type { Meter } from './meter.ts'

/** The library, and the meter of the expression that calls it. */
export interface MeteredLibrary {
  readonly library: CelLibrary
  readonly meter: Meter
}

/** A call as a gate sees it: it pays; `undefined` means "let the library answer". */
export type Gate = (target: CelValue | undefined, args: readonly CelValue[], id: number) => CelResult | undefined

/** The characters or bytes of a value; other values have none. */
export function lengthOf(value: CelValue | undefined): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0
}

/** The gates by the names of their functions. */
export function textGates(metered: MeteredLibrary): Readonly<Record<string, Gate>> {
  const { meter } = metered
  const search: Gate = (target, args) => {
    meter.spendOnSearching(lengthOf(target), lengthOf(args[0]))
    return undefined
  }
  const replace = replacingGate(metered)
  const split = splittingGate(metered)
  return {
    size: (target, args) => size(target ?? args[0], meter),
    contains: search,
    indexOf: search,
    lastIndexOf(target, args) {
      meter.spendOnSearchingBack(lengthOf(target), lengthOf(args[0]))
      return undefined
    },
    replace: (target, args, id) => search(target, args, id) ?? replace(target, args, id),
    split: (target, args, id) => search(target, args, id) ?? split(target, args, id),
    join: joiningGate(metered),
  }
}

/** CEL, langdef.md "size": a text's code points. The library makes a list of them to count them. */
function size(text: CelValue | undefined, meter: Meter): bigint | undefined {
  if (typeof text !== 'string') return undefined
  meter.spendOnReading(text.length * 4)
  let pairs = 0
  for (let at = 0; at < text.length; at++) if ((text.codePointAt(at) ?? 0) > 0xffff) pairs++
  return BigInt(text.length - pairs)
}

/** CEL's strings extension: every occurrence, or the first `limit`. The library copies the text for each. */
function replacingGate({ library, meter }: MeteredLibrary): Gate {
  return (text, [from, to, limit], id) => {
    if (typeof text !== 'string' || typeof from !== 'string' || typeof to !== 'string') return undefined
    if (limit !== undefined && typeof limit !== 'bigint') return undefined
    if (from === '') return library.cel.celError('replace() needs a text to look for', id)
    const pieces = text.split(from)
    const found = pieces.length - 1
    const count = limit === undefined || limit < 0n ? found : Math.min(Number(limit), found)
    const length = text.length + count * (to.length - from.length)
    meter.requireLength(length)
    // Each piece is a small object of its own.
    meter.spendOnReading(length + pieces.length * 16)
    if (count === found) return pieces.join(to)
    if (count === 0) return text
    return `${pieces.slice(0, count).join(to)}${to}${pieces.slice(count).join(from)}`
  }
}

/** CEL's strings extension: with a limit, the last part keeps the rest. The library would drop it. */
function splittingGate({ library, meter }: MeteredLibrary): Gate {
  return (text, [separator, limit]) => {
    if (typeof text !== 'string' || typeof separator !== 'string') return undefined
    if (limit !== undefined && typeof limit !== 'bigint') return undefined
    const parts = text.split(separator)
    meter.spendOnReading(text.length + parts.length * 16)
    if (limit === undefined || limit < 0n || limit >= parts.length) return library.cel.celList(parts)
    if (limit === 0n) return library.cel.celList([])
    const last = Number(limit) - 1
    return library.cel.celList([...parts.slice(0, last), parts.slice(last).join(separator)])
  }
}

function joiningGate({ library, meter }: MeteredLibrary): Gate {
  return (list, [separator]) => {
    if (!library.cel.isCelList(list)) return undefined
    let length = list.size * lengthOf(separator)
    for (const element of list) {
      length += lengthOf(element)
      meter.spend(1)
    }
    meter.requireLength(length)
    meter.spendOnReading(length)
    return undefined
  }
}
