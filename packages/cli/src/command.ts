/** Owns what a command is: its name, what it takes, what it does. One description serves parsing, help and types. */
import type { Terminal } from './terminal.ts'

interface OptionBase {
  /** One letter: `-H`. */
  readonly short?: string
  readonly description: string
}

/** `--config PATH`; with `multiple`, as often as wanted. */
interface TextOption extends OptionBase {
  readonly type: 'text'
  /** What stands behind it in the help: `PATH`. */
  readonly value: string
  readonly multiple?: boolean
}

interface IntegerOption extends OptionBase {
  readonly type: 'integer'
  readonly value: string
  readonly min: number
  readonly max: number
}

interface SwitchOption extends OptionBase {
  readonly type: 'switch'
}

export type Option = TextOption | IntegerOption | SwitchOption

export type Options = Readonly<Record<string, Option>>

/** A switch that is not there is false, an option that may come several times and did not is an empty list. */
type ValueOf<O extends Option> = O extends SwitchOption
  ? boolean
  : O extends IntegerOption
    ? number | undefined
    : O extends { readonly multiple: true }
      ? readonly string[]
      : string | undefined

export type Values<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> }

/** What stands on the command line without dashes. */
export interface Positional {
  /** As the help shows it: `DIR`. */
  readonly name: string
  readonly description: string
  /** May be left out; then all behind it too. */
  readonly optional?: boolean
  /** The last one only: any number. */
  readonly multiple?: boolean
}

export interface Given<O extends Options = Options> {
  readonly values: Values<O>
  readonly positionals: readonly string[]
}

export interface CommandParts<O extends Options> {
  readonly name: string
  /** A paragraph for its own help. */
  readonly description: string
  readonly positionals?: readonly Positional[]
  readonly options: O
  readonly example: { readonly line: string; readonly says: string }
  /** Answers the exit code. @throws UsageError when what was given makes no sense together. */
  run(given: Given<O>, terminal: Terminal): Promise<number>
}

/** A command, whatever its options are called. */
export interface Command extends Omit<CommandParts<Options>, 'run'> {
  run(given: { readonly values: object; readonly positionals: readonly string[] }, terminal: Terminal): Promise<number>
}

export interface ListedCommand extends Command {
  readonly summary: string
}

/** Returns what it got; `values` of `run` are typed by `options`. */
export function defineCommand<const O extends Options>(command: CommandParts<O>): Command {
  return command as unknown as Command
}

/** The command line cannot be understood: one line that says why, and how to mend it. */
export class UsageError extends Error {}
