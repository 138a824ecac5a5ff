/** Owns the helps: the list of commands, and what each command says of itself. */
import type { ListedCommand, Option, Positional } from './command.ts'

const WIDTH = 100

export function toOverview(commands: ReadonlyMap<string, { readonly summary: string }>): string {
  const rows = [...commands].map(([name, { summary }]) => [name, summary] as const)
  return [
    'Gatewright, an open API gateway.',
    '',
    'Usage: gatewright COMMAND [options]',
    '',
    toTable(rows),
    '',
    'To begin: `gatewright start --example quickstart`, or `gatewright init` for a file of your own.',
    '`gatewright COMMAND --help` explains a command, `gatewright --version` tells the version.',
  ].join('\n')
}

export function toHelp(command: ListedCommand): string {
  const { name, summary, description, positionals = [], options, example } = command
  const usage = ['gatewright', name, ...positionals.map(toUsage), '[options]'].join(' ')
  const rows = Object.entries({ ...options, help: HELP }).map(
    ([key, option]) => [toFlag(key, option), option.description] as const,
  )
  return [
    `gatewright ${name}: ${summary}`,
    '',
    `Usage: ${usage}`,
    '',
    wrap(description, WIDTH).join('\n'),
    ...(positionals.length === 0
      ? []
      : ['', toTable(positionals.map((positional) => [positional.name, positional.description]))]),
    '',
    'Options:',
    toTable(rows),
    '',
    'Example:',
    `  ${example.line}`,
    ...wrap(example.says, WIDTH - 4).map((line) => `    ${line}`),
    '',
    'Exit code: 0 all is well, 1 faults or failed tests, 2 a wrong command line.',
  ].join('\n')
}

const HELP: Option = { type: 'switch', short: 'h', description: 'Show this.' }

function toUsage({ name, optional, multiple }: Positional): string {
  const word = multiple === true ? `${name}…` : name
  return optional === true ? `[${word}]` : word
}

function toFlag(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const value = option.type === 'switch' ? '' : ` ${option.value}`
  return `${short}--${name}${value}`
}

function toTable(rows: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows
    .flatMap(([name, text]) =>
      wrap(text, WIDTH - width - 2).map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}${line}`),
    )
    .join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
