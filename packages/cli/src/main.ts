/** Owns the way from a command line to a command and its exit code. */
import { UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { findVersion } from './own-version.ts'
import { createProcessTerminal, type Terminal } from './terminal.ts'

export { createProcessTerminal }

/** Answers the exit code; never rejects. */
export async function main(argv: readonly string[], terminal: Terminal = createProcessTerminal()): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return showHelp(args[0], terminal)
  if (name === '--version' || name === '-V' || name === '-v' || name === 'version') {
    terminal.print(findVersion())
    return EXIT_CODES.ok
  }
  const entry = COMMANDS.get(name)
  if (entry === undefined) {
    terminal.complain(await describeUnknownCommand(name))
    return EXIT_CODES.usage
  }
  try {
    const command = await entry.load()
    const beforeDashes = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
    if (beforeDashes.includes('--help') || beforeDashes.includes('-h')) return showHelp(name, terminal)
    const { parseCommandLine } = await import('./parse-command-line.ts')
    return await command.run(parseCommandLine(command, args), terminal)
  } catch (thrown) {
    return complain(thrown, name, terminal)
  }
}

function complain(thrown: unknown, name: string, terminal: Terminal): number {
  if (thrown instanceof UsageError) {
    const sentence = /[.?!]$/.test(thrown.message) ? thrown.message : `${thrown.message}.`
    terminal.complain(`gatewright ${name}: ${sentence} See: gatewright ${name} --help`)
    return EXIT_CODES.usage
  }
  const said = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  terminal.complain(`gatewright ${name} failed, and that is a fault of Gatewright itself; please report it.\n${said}`)
  return EXIT_CODES.unexpected
}

async function showHelp(name: string | undefined, terminal: Terminal): Promise<number> {
  const { toHelp, toOverview } = await import('./help.ts')
  const entry = name === undefined ? undefined : COMMANDS.get(name)
  if (name !== undefined && entry === undefined) {
    terminal.complain(await describeUnknownCommand(name))
    return EXIT_CODES.usage
  }
  terminal.print(
    entry === undefined ? toOverview(COMMANDS) : toHelp({ ...(await entry.load()), summary: entry.summary }),
  )
  return EXIT_CODES.ok
}

async function describeUnknownCommand(name: string): Promise<string> {
  const { findClosest } = await import('@gatewright/model')
  const closest = findClosest(name, COMMANDS.keys())
  const advice = closest === undefined ? `there are ${[...COMMANDS.keys()].join(', ')}.` : `did you mean "${closest}"?`
  return `gatewright: unknown command "${name}": ${advice} See: gatewright --help`
}
