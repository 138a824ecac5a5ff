/** Owns commands of several actions: which one is meant, and that nothing is said that it has no use for. */
import { UsageError } from './command.ts'

/** @throws UsageError */
export function pickNamed<A>(actions: Readonly<Record<string, A>>, name: string): A {
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action !== undefined) return action
  throw new UsageError(`"${name}" is none of ${Object.keys(actions).join(', ')}`)
}

/** As they stand on the command line. */
interface Said {
  readonly command: string
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
}

/** `options`: those that this one uses; what no action names is for all of them. @throws UsageError */
export function pickAction<A extends { readonly options: readonly string[] }>(
  actions: Readonly<Record<string, A>>,
  { command, name, values }: Said,
): A {
  const action = pickNamed(actions, name)
  const strange = Object.values(actions)
    .flatMap(({ options }) => options)
    .find((option) => isSaid(values[option]) && !action.options.includes(option))
  if (strange !== undefined) throw new UsageError(`\`${command} ${name}\` has no use for --${strange}`)
  return action
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
}
