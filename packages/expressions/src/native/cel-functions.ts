/** The gate through which every call of an expression goes: it pays for the call, and replaces what the library does too loosely. */
import type { CelLibrary, CelList, CelValue, FunctionGroup } from './cel-library.ts'
import { MAX_NUMERAL_CHARS, PATTERN_WORK_PER_STEP } from './limits.ts'
import type { Meter } from './meter.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { type Gate, lengthOf, type MeteredLibrary, textGates } from './text-functions.ts'

/** The calls that loops are rewritten to (see `meter-loops.ts`); no source can name them. */
export const LOOP_CALLS = { iterate: '@iterate', list: '@list', append: '@append' } as const

/** What a timestamp or duration costs. */
const TIME_STEPS = 50
/** What a time zone's look-up costs: the library builds a date format each time, some 300 µs. */
const TIME_ZONE_STEPS = 2000

/** CEL, langdef.md "Conversions": decimal digits only. The library would read '' as 0, '0x10' as 16 and ' 5 ' as 5. */
const INTEGER = /^[+-]?[0-9]+$/
const DOUBLE = /^(?:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?Infinity|NaN)$/

/** The functions of one expression. */
export interface MeteredFunctions {
  find(name: string): FunctionGroup | undefined
}

/** Wraps the library's functions for one expression, paid for by its meter. */
export function createMeteredFunctions(metered: MeteredLibrary): MeteredFunctions {
  const { library } = metered
  const gates = createGates(metered)
  const reading = readingGate(metered)
  return {
    find(name) {
      const group = library.env.funcs.find(name)
      const gate = gates.get(name) ?? reading
      const call: FunctionGroup['call'] = (id, target, args) => gate(target, args, id) ?? group?.call(id, target, args)
      if (group === undefined) return name.startsWith('@') && gates.has(name) ? emptyGroup(name, call) : undefined
      return { name, call, [Symbol.iterator]: () => group[Symbol.iterator]() }
    },
  }
}

function emptyGroup(name: string, call: FunctionGroup['call']): FunctionGroup {
  return { name, call, [Symbol.iterator]: () => [][Symbol.iterator]() }
}

function createGates(metered: MeteredLibrary): ReadonlyMap<string, Gate> {
  const { library, meter } = metered
  const { cel } = library
  const compare: Gate = (_target, args) => {
    for (const arg of args) spendOnWhole(arg, metered)
    return undefined
  }
  const gates: Record<string, Gate> = {
    '_==_': compare,
    '_!=_': compare,
    '@in': (_target, args) => (cel.isCelMap(args[1]) ? undefined : compare(undefined, args, 0)),
    '_+_': addingGate(metered),
    ...textGates(metered),
    matches: matchesGate(meter),
    int: numeralGate(library, INTEGER, 'an integer'),
    uint: numeralGate(library, INTEGER, 'an integer'),
    double: numeralGate(library, DOUBLE, 'a number'),
    timestamp: timeGate(metered, 'a timestamp'),
    duration: timeGate(metered, 'a duration'),
    ...loopGates(metered),
    ...timeZoneGates(meter),
  }
  return new Map(Object.entries(gates))
}

/** The usual price: each argument is read once. Lists and maps are passed on as they are. */
function readingGate({ meter }: MeteredLibrary): Gate {
  return (target, args) => {
    meter.spendOnReading(lengthOf(target))
    for (const arg of args) meter.spendOnReading(lengthOf(arg))
    return undefined
  }
}

/** Pays for everything inside a value: what compares or copies deeply walks it all, and parts may be shared many times. */
function spendOnWhole(value: CelValue, metered: MeteredLibrary): void {
  const { library, meter } = metered
  if (typeof value !== 'object' || value === null) {
    meter.spendOnReading(lengthOf(value))
    return
  }
  meter.spend(1)
  if (library.cel.isCelList(value)) for (const element of value) spendOnWhole(element, metered)
  else if (library.cel.isCelMap(value)) for (const [, field] of value) spendOnWhole(field, metered)
  else meter.spendOnReading(lengthOf(value))
}

function addingGate({ library, meter }: MeteredLibrary): Gate {
  const { isCelList, celList } = library.cel
  return (_target, [left, right]) => {
    if (isCelList(left) && isCelList(right)) {
      // The library would nest lists in lists and recurse through them for every element.
      meter.spendOnReading((left.size + right.size) * 8)
      return celList([...left, ...right])
    }
    const length = lengthOf(left) + lengthOf(right)
    meter.requireLength(length)
    meter.spendOnReading(length)
    return undefined
  }
}

/** The checker lets only literal patterns through, so each is compiled once for its expression. */
function matchesGate(meter: Meter): Gate {
  const patterns = new Map<string, Pattern>()
  return (target, [source]) => {
    if (typeof target !== 'string' || typeof source !== 'string') return undefined
    let pattern = patterns.get(source)
    if (pattern === undefined) {
      pattern = compilePattern(source)
      patterns.set(source, pattern)
    }
    // A match is bounded by itself; a loop of matches is not.
    meter.spend(1 + Math.floor((target.length * pattern.instructions) / PATTERN_WORK_PER_STEP))
    return pattern.test(target)
  }
}

function numeralGate(library: CelLibrary, syntax: RegExp, what: string): Gate {
  return (_target, [text], id) => {
    if (typeof text !== 'string') return undefined
    if (text.length <= MAX_NUMERAL_CHARS && syntax.test(text)) return undefined
    return library.cel.celError(`the text is not ${what}`, id)
  }
}

/** The library makes and compares times by reflection, some 5 µs each. */
function timeGate({ library, meter }: MeteredLibrary, what: string): Gate {
  const parse = numeralGate(library, /^/, what)
  return (target, args, id) => {
    meter.spend(TIME_STEPS)
    return parse(target, args, id)
  }
}

function loopGates({ library, meter }: MeteredLibrary): Record<string, Gate> {
  const { cel } = library
  const items = new WeakMap<object, CelValue[]>()
  return {
    [LOOP_CALLS.iterate]: (_target, [range, stepsPerTurn]) => {
      if (cel.isCelList(range) || cel.isCelMap(range)) meter.spend(1 + range.size * Number(stepsPerTurn))
      return range
    },
    [LOOP_CALLS.list]: () => {
      const array: CelValue[] = []
      const list = cel.celList(array)
      items.set(list, array)
      return list
    },
    [LOOP_CALLS.append]: (_target, [list, item]) => {
      if (item !== undefined) items.get(list as CelList)?.push(item)
      return list
    },
  }
}

function timeZoneGates(meter: Meter): Record<string, Gate> {
  const gate: Gate = (_target, args) => {
    meter.spend(args.length === 0 ? 1 : TIME_ZONE_STEPS)
    return undefined
  }
  const parts = [
    'FullYear',
    'Month',
    'Date',
    'DayOfMonth',
    'DayOfWeek',
    'DayOfYear',
    'Hours',
    'Minutes',
    'Seconds',
    'Milliseconds',
  ]
  return Object.fromEntries(parts.map((part) => [`get${part}`, gate]))
}
