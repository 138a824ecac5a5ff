/** Owns the step from arguments to a command's options: what is unknown, missing or too much is told in one line. */
import { parseArgs } from 'node:util'
import { findClosest } from '@gatewright/model'
import { type Command, type Given, type Option, type Positional, UsageError } from './command.ts'

/** @throws UsageError */
export function parseCommandLine({ options, positionals = [] }: Command, args: readonly string[]): Given {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [
        name,
        { type: type === 'switch' ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
      ]),
    ),
    strict: false,
    tokens: true,
  })
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    if (option.type === 'switch') values[name] = false
    else if (option.type === 'text' && option.multiple === true) values[name] = []
  }
  const rest: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') rest.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw new UsageError(describeUnknown(token.rawName, Object.keys(options)))
    take(values, option, token)
  }
  checkPositionals(rest, { wanted: positionals, takesConfig: options.config?.type === 'text' })
  return { values: values as Given['values'], positionals: rest }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function take(
  values: Record<string, unknown>,
  option: Option,
  { name, rawName, value, inlineValue }: OptionToken,
): void {
  if (option.type === 'switch') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value, and "${value}" was given`)
    values[name] = true
    return
  }
  // `--config --json`: the value was forgotten. Who means such a value writes `--config=--json`.
  if (value === undefined || (inlineValue !== true && value.startsWith('-') && value !== '-')) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`)
  }
  if (option.type === 'integer') {
    values[name] = toInteger(rawName, value, option)
    return
  }
  const before = values[name]
  if (option.multiple === true && Array.isArray(before)) before.push(value)
  else if (before !== undefined) throw new UsageError(`${rawName} was given twice: "${before}" and "${value}"`)
  else values[name] = value
}

function toInteger(rawName: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`${rawName} is a whole number from ${min} to ${max}, and "${value}" was given`)
}

/** `unknown option --confg: did you mean --config?` */
function describeUnknown(rawName: string, names: readonly string[]): string {
  const known = [...names, 'help']
  const closest = findClosest(rawName.replace(/^-+/, ''), known)
  const advice =
    closest === undefined ? `it takes ${known.map((name) => `--${name}`).join(', ')}` : `did you mean --${closest}?`
  return `unknown option ${rawName}: ${advice}`
}

/** What people forget before the name of a configuration. */
const CONFIG_FILE = /\.(?:ya?ml|json)$|\/$/i

function checkPositionals(
  given: readonly string[],
  { wanted, takesConfig }: { readonly wanted: readonly Positional[]; readonly takesConfig: boolean },
): void {
  const missing = wanted[given.length]
  if (missing !== undefined && missing.optional !== true) {
    throw new UsageError(`${missing.name} is missing: ${missing.description}`)
  }
  if (given.length > wanted.length && wanted.at(-1)?.multiple !== true) {
    const extra = given[wanted.length] ?? ''
    const isConfig = takesConfig && CONFIG_FILE.test(extra)
    throw new UsageError(`"${extra}" is one argument too many${isConfig ? `: did you mean --config ${extra}?` : ''}`)
  }
}
