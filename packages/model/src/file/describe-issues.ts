/** Owns turning what a schema refuses into findings that a person can act on. */
import type { z } from 'zod'
import { findClosest, suggestName } from '../closest.ts'
import { type At, type Finding, type Path, toPathText } from '../finding.ts'
import { suggestVariable } from './suggest-variable.ts'
import { describeExpected, findChoices, findKnownKeys, isWriteOnly, takesEmptyMap } from './walk-schema.ts'

type Issue = z.core.$ZodIssue

export interface IssueContext {
  readonly schema: z.core.$ZodType
  /** What was refused. */
  readonly value: unknown
  /** `point` says whether the key or the value is wrong. */
  at(path: Path, point: 'key' | 'value'): At
  /** Is the value at `path` one that must not be shown? What was put in never is. */
  isSecret?(path: Path): boolean
  /** Does the value at `path` come from outside of the files? */
  isPutIn?(path: Path): boolean
  /** What to write at `path` instead of something else, where that is known. */
  findAdvice?(path: Path): string | undefined
}

/** One finding per mistake, at the place where it is. */
export function describeIssues(issues: readonly Issue[], given: IssueContext): Finding[] {
  const isSecret = (path: Path): boolean =>
    given.isSecret?.(path) === true || given.isPutIn?.(path) === true || isWriteOnly(given.schema, path)
  const context: IssueContext = { ...given, isSecret }
  // Checks of a schema that look at the same value may say the same of it.
  const findings = new Map<string, Finding>()
  for (const finding of describeAll(issues, [], context)) {
    findings.set(`${finding.code} ${finding.at.path} ${finding.message}`, finding)
  }
  return [...findings.values()]
}

function describeAll(issues: readonly Issue[], around: Path, context: IssueContext): Finding[] {
  const placed = issues.map((issue) => ({ issue, path: [...around, ...toPath(issue.path)] }))
  const misspelt = new Set(placed.flatMap(({ issue, path }) => listMisspelt(issue, path, context)))
  return placed
    .filter(({ path }) => !misspelt.has(toPathText(path)) || findValue(context.value, path) !== undefined)
    .flatMap(({ issue, path }) => describe(issue, path, context))
}

/** What is written with a slip is missing for that reason alone: the slip says it. */
function listMisspelt(issue: Issue, path: Path, { schema }: IssueContext): string[] {
  if (issue.code !== 'unrecognized_keys') return []
  const known = findKnownKeys(schema, path)
  return issue.keys.flatMap((key) => {
    const meant = findClosest(key, known)
    return meant === undefined ? [] : [toPathText([...path, meant])]
  })
}

function describe(issue: Issue, path: Path, context: IssueContext): Finding[] {
  if (issue.code === 'unrecognized_keys') return describeUnknownKeys(issue.keys, path, context)
  if (issue.code === 'invalid_union') return describeUnion(issue, path, context)
  if (issue.code === 'invalid_key') {
    const first = issue.issues[0]
    return [fault('invalid-key', first?.message ?? issue.message, { at: context.at(path, 'key') })]
  }
  const value = findValue(context.value, path)
  if (value === undefined && isExpecting(issue)) {
    const what = `${nameOf(path)} is missing`
    const expected = describeExpected(context.schema, path)
    // Where only one value is right, it is what to write.
    const suggestion = /^\d+$/.test(expected) ? `Write \`${path.at(-1)}: ${expected}\`.` : undefined
    return [fault('missing', `${what}: ${expected} is expected here.`, { at: context.at(path, 'value'), suggestion })]
  }
  const shown = show(value, path, context)
  const isOwn = issue.code === 'invalid_value' && !issue.message.startsWith('Invalid')
  if (isOwn) return [fault('invalid-value', issue.message, { at: context.at(path, 'value') })]
  switch (issue.code) {
    case 'invalid_type':
      return [describeWrongType(issue, { value, shown, path, context })]
    case 'invalid_value': {
      const choices = issue.values.map(String)
      const suggestion = typeof value === 'string' ? suggestName(value, choices, 'Choices') : undefined
      return [
        fault('invalid-value', `${shown} is not ${describeExpected(context.schema, path)}.`, {
          at: context.at(path, 'value'),
          suggestion,
        }),
      ]
    }
    case 'too_small':
    case 'too_big':
      if (value === '' || (Array.isArray(value) && value.length === 0)) {
        return [
          fault('empty-value', `${nameOf(path)} is empty: ${describeBound(issue)}.`, { at: context.at(path, 'value') }),
        ]
      }
      return [
        fault('out-of-range', `${shown} is out of range: ${describeBound(issue)}.`, { at: context.at(path, 'value') }),
      ]
    case 'invalid_format':
      return [fault('invalid-value', toMisfit(shown, issue.message), { at: context.at(path, 'value') })]
    default:
      return [fault('invalid-value', toSentence(issue.message, path), { at: context.at(path, 'value') })]
  }
}

function toMisfit(shown: string, message: string): string {
  if (!/^[a-z]/.test(message)) return `${shown} does not fit. ${message}`
  return `${shown} does not fit: ${message}${/[.!?]$/.test(message) ? '' : '.'}`
}

/** Schemas of policies say phrases ("is more than can ever be allowed"); findings are sentences. */
function toSentence(message: string, path: Path): string {
  if (!/^[a-z]/.test(message)) return message
  const full = message.startsWith('is ') ? `${nameOf(path)} ${message}` : toNamed(message, path)
  return /[.!?]$/.test(full) ? full : `${full}.`
}

/** What is said of all options needs no name: that of the policy stands before it. */
function toNamed(phrase: string, path: Path): string {
  return path.length === 0 ? `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}` : `${nameOf(path)}: ${phrase}`
}

/** The last name, with its index where it names a list: `secrets[0]`. */
function nameOf(path: Path): string {
  const last = path.findLastIndex((segment) => typeof segment === 'string')
  return last < 0 ? 'This' : `\`${path[last]}${toPathText(path.slice(last + 1))}\``
}

function isExpecting(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}

function describeUnknownKeys(keys: readonly string[], path: Path, context: IssueContext): Finding[] {
  const { schema, value, at } = context
  const item = findValue(value, path)
  const known = findKnownKeys(schema, path)
  const isUse =
    known.includes('policy') && known.includes('options') && isContainer(item) && Object.hasOwn(item, 'policy')
  // `limit` beside `policy`: one slip, however many options there are. Short names are near to anything (`in`, `id`).
  const options = isUse ? keys.filter((key) => key.length < 3 || findClosest(key, known) === undefined) : []
  const findings = keys.filter((key) => !options.includes(key)).map((key) => describeUnknownKey(key, path, context))
  const [first] = options
  if (first === undefined) return findings
  const names = options.map((key) => `"${key}"`).join(', ')
  const message = `The ${options.length === 1 ? `key ${names} is` : `keys ${names} are`} not known beside \`policy\`.`
  const suggestion = `What a policy takes stands under \`options\`: write \`options: { ${options.map((key) => `${key}: …`).join(', ')} }\`.`
  return [...findings, fault('unknown-key', message, { at: at([...path, first], 'key'), suggestion })]
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function describeUnknownKey(key: string, path: Path, context: IssueContext): Finding {
  const { schema, value, at } = context
  const known = findKnownKeys(schema, path)
  if (context.isSecret?.(path) === true && findClosest(key, known) === undefined) {
    const message = 'A key of this map is not known here.'
    return fault('unknown-key', message, { at: at(path, 'value'), suggestion: context.findAdvice?.(path) })
  }
  const item = findValue(value, path)
  // `- rate-limit: { limit: 10 }`: the name of a policy where `policy` should be.
  const isUse =
    known.includes('policy') && typeof item === 'object' && item !== null && Object.keys(item).join() === key
  return fault('unknown-key', `The key "${key}" is not known here.`, {
    at: at([...path, key], 'key'),
    suggestion: isUse ? `Write \`{ policy: ${key}, options: { … } }\`.` : suggestName(key, known, 'Known keys'),
  })
}

interface WrongType {
  readonly value: unknown
  readonly shown: string
  readonly path: Path
  readonly context: IssueContext
}

function describeWrongType(issue: Issue, { value, shown, path, context }: WrongType): Finding {
  const expected =
    issue.code === 'invalid_type' && issue.expected === 'int'
      ? 'a whole number'
      : describeExpected(context.schema, path)
  const at = context.at(path, 'value')
  if (value === null) return describeEmpty(path, expected, at)
  const suggestion = context.findAdvice?.(path) ?? suggestShape(value, { expected, path, context })
  return fault('wrong-type', `${shown} is not ${expected}.`, { at, suggestion })
}

function describeEmpty(path: Path, expected: string, at: At): Finding {
  const message = `${nameOf(path)} is empty: ${expected} is expected here.`
  return fault('empty-value', message, { at, suggestion: 'Remove the line, or say a value.' })
}

interface Wanted {
  readonly expected: string
  readonly path: Path
  readonly context: IssueContext
}

/** What was probably meant, where what stands there has the wrong shape. */
function suggestShape(value: unknown, wanted: Wanted): string | undefined {
  const { expected, path, context } = wanted
  if (typeof value === 'string') return suggestForText(value, wanted)
  if (Array.isArray(value)) return expected === 'a map' ? suggestMapOfLists(value, wanted) : undefined
  if (expected === 'a list' && isContainer(value)) {
    const [only, ...others] = Object.entries(value)
    // `{ any: [a] }` where the list itself is wanted.
    return only !== undefined && others.length === 0 && Array.isArray(only[1])
      ? `Write \`${writeList(only[1], [...path, only[0]], context)}\`.`
      : 'Begin each of its entries with "- ".'
  }
  return value === true && takesEmptyMap(context.schema, path) ? 'Write `{}` for its defaults.' : undefined
}

/** A list where a map of nothing but lists is wanted: `{ all: […] }` or `{ any: […] }`. */
function suggestMapOfLists(items: readonly unknown[], { path, context }: Wanted): string | undefined {
  const names = findKnownKeys(context.schema, path)
  const isOfLists = names.every((name) => describeExpected(context.schema, [...path, name]) === 'a list')
  if (names.length === 0 || !isOfLists) return undefined
  const written = writeList(items, path, context)
  return `Write ${names.map((name) => `\`{ ${name}: ${written} }\``).join(' or ')}.`
}

/** `[a, "b c"]`; nothing of what is not to be shown, and no more than fits a line. */
function writeList(items: readonly unknown[], path: Path, context: IssueContext): string {
  const written = items.map((item, index) => {
    if (context.isSecret?.([...path, index]) === true || isContainer(item)) return '…'
    return typeof item === 'string' && PLAIN_TEXT.test(item) ? item : JSON.stringify(item)
  })
  const list = `[${written.join(', ')}]`
  return list.length > 80 ? '[…]' : list
}

/** What YAML takes for the same text without quotes. */
const PLAIN_TEXT = /^(?!(?:true|false|null)$)[A-Za-z](?:[\w.:/-]*[\w/-])?$/

/** What a text was probably meant as, where something else is expected. */
function suggestForText(value: string, wanted: Wanted): string | undefined {
  const { expected, path, context } = wanted
  if (context.isSecret?.(path) === true) return undefined
  const variable = suggestVariable(value)
  if (variable !== undefined) return variable
  if (expected === 'a list') return `Write \`[${value}]\`.`
  if (expected === 'true or false') return suggestTruth(value)
  if (expected.endsWith('number')) {
    if (value.trim() !== '' && !Number.isNaN(Number(value))) return 'Remove the quotes.'
    return suggestQuantity(value, String(path.at(-1)))
  }
  if (expected !== 'a map') return undefined
  const isUse = findKnownKeys(context.schema, path).includes('policy')
  if (isUse) return /^[A-Za-z0-9_.-]+$/.test(value) ? `Write \`{ policy: ${value} }\`.` : undefined
  return suggestMapOfLists([value], wanted)
}

/** YAML 1.2 has no `yes` and `no`; quotes make a text of everything. */
function suggestTruth(value: string): string | undefined {
  if (/^(?:yes|on|true|y)$/i.test(value)) return 'Write true.'
  return /^(?:no|off|false|n)$/i.test(value) ? 'Write false.' : undefined
}

const MS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES = {
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 2 ** 20,
  mb: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  gib: 2 ** 30,
}

/** `10s` where the name ends in its unit, as all names of quantities do: times are plain milliseconds or seconds, sizes bytes. */
function suggestQuantity(value: string, name: string): string | undefined {
  const [, digits = '', letters = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(value.trim()) ?? []
  const [units, divisor, word]: [Readonly<Record<string, number>>, number, string] = /Bytes$/.test(name)
    ? [BYTES, 1, 'bytes']
    : /Seconds$/.test(name)
      ? [MS, 1000, 'seconds']
      : [/Ms$/.test(name) ? MS : {}, 1, 'milliseconds']
  const factor = Object.hasOwn(units, letters.toLowerCase()) ? units[letters.toLowerCase()] : undefined
  const amount = factor === undefined ? Number.NaN : (Number(digits) * factor) / divisor
  return Number.isInteger(amount) ? `Write ${amount} (${word}).` : undefined
}

function describeBound(issue: Issue): string {
  if (issue.code === 'too_small') {
    if (issue.origin === 'string')
      return issue.minimum === 1 ? 'a text is needed' : `at least ${issue.minimum} characters`
    if (issue.origin === 'array')
      return issue.minimum === 1 ? 'at least one item is needed' : `at least ${issue.minimum} items are needed`
    return `it must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  }
  if (issue.code === 'too_big') {
    if (issue.origin === 'string') return `at most ${issue.maximum} characters`
    if (issue.origin === 'array') return `at most ${issue.maximum} items`
    return `it must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
  }
  return issue.message
}

/** Speaks about the one branch that was meant, where that can be told; else about all. */
function describeUnion(issue: Issue & { code: 'invalid_union' }, path: Path, context: IssueContext): Finding[] {
  const value = findValue(context.value, path)
  if (value === undefined || value === null || issue.errors.length === 0)
    return [describeNoBranch(value, path, context)]
  const meant = issue.errors.filter((branch) => !branch.some((inner) => inner.path.length === 0 && isExpecting(inner)))
  const known = meant.toSorted((a, b) => countMistakes(a) - countMistakes(b))[0]
  if (known === undefined) return [describeNoBranch(value, path, context)]
  return describeAll(known, path, context)
}

/** An unknown key weighs most: it tells branches apart that differ in their keys. */
function countMistakes(branch: readonly Issue[]): number {
  return branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1), 0)
}

function describeNoBranch(value: unknown, path: Path, context: IssueContext): Finding {
  const expected = describeExpected(context.schema, path)
  const at = context.at(path, 'value')
  if (value === undefined) return fault('missing', `${nameOf(path)} is missing: ${expected} is expected here.`, { at })
  if (value === null) return describeEmpty(path, expected, at)
  const choices = findChoices(context.schema, path)
  const isSecret = context.isSecret?.(path) === true
  const suggestion =
    typeof value === 'string' && choices.length > 0
      ? suggestForChoice(value, choices, isSecret ? [] : findKnownKeys(context.schema, path))
      : undefined
  return fault('wrong-type', `${show(value, path, context)} is not ${expected}.`, { at, suggestion })
}

function suggestForChoice(value: string, choices: readonly string[], keys: readonly string[]): string | undefined {
  const [only, ...others] = keys
  const isNear = findClosest(value, choices) !== undefined
  // What is no choice was meant for the map, where that has one key only.
  if (only !== undefined && others.length === 0 && !isNear) return `Write \`{ ${only}: ${value} }\`.`
  return suggestName(value, choices, 'Choices')
}

function fault(
  code: string,
  message: string,
  { at, suggestion }: { at: At; suggestion?: string | undefined },
): Finding {
  return { severity: 'fault', code, message, ...(suggestion === undefined ? {} : { suggestion }), at }
}

function show(value: unknown, path: Path, { isSecret, isPutIn }: IssueContext): string {
  if (isPutIn?.(path) === true) return 'What was put in here'
  if (isSecret?.(path) === true) return 'What stands here'
  if (Array.isArray(value)) return 'A list'
  if (typeof value === 'object' && value !== null) return 'A map'
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'Nothing')
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
}

export function findValue(root: unknown, path: Path): unknown {
  let value = root
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.hasOwn(value, segment) ? (value as Record<string | number, unknown>)[segment] : undefined
  }
  return value
}
