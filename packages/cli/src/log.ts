/** Owns the program's own log: one line an event on stderr, so that stdout is the access log's alone. */
import type { Log } from '@gatewright/policies'

type Level = 'info' | 'warn' | 'error'

/** Text for people; facts follow as `name=value`, quoted where they hold blanks. What quotes would spoil comes last, as a block. */
export function createLog(write: (line: string) => void): Log {
  const log =
    (level: Level) =>
    (message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      const told = Object.entries(facts)
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${toText(value)}`]))
        .sort((a, b) => Number(a.includes('\n')) - Number(b.includes('\n')))
      write(`${[new Date().toISOString(), level.padEnd(5), message, ...told].join(' ')}\n`)
    }
  return { info: log('info'), warn: log('warn'), error: log('error') }
}

function toText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // Faults quote what they are about: within quotes, each of theirs would be escaped.
  if (typeof value === 'string' && /[\n"]/.test(text)) return `\n  ${text.replaceAll('\n', '\n  ')}`
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text
}
