// Owns the Markdown a run ends in: the machine, a section per question, and the bars with their verdicts.
import type { Bar } from './bars.ts'
import type { Machine } from './machine.ts'
import type { Answer, Table } from './question.ts'

export function toMarkdown(machine: Machine, answers: Answer[]): string {
  const sections = answers.map(toSection)
  const bars = answers.flatMap((answer) => answer.bars)
  const summary = bars.length === 0 ? [] : ['## Bars', toTable(toBarTable(bars))]
  return [toHeading(machine), ...summary, ...sections].join('\n\n').concat('\n')
}

export function toSection(answer: Answer): string {
  const notes = answer.notes.map((note) => `- ${note}`).join('\n')
  return [`## ${answer.title}`, answer.method, ...answer.tables.map(toTable), notes]
    .filter((part) => part !== '')
    .join('\n\n')
}

export function toBarTable(bars: Bar[]): Table {
  return {
    columns: ['what', 'bar', 'measured', 'verdict'],
    rows: bars.map((bar) => [bar.what, bar.limit, bar.measured, bar.verdict]),
  }
}

/** The first column is text; in the others numbers stand to the right. */
export function toTable({ columns, rows }: Table): string {
  const alignments = columns.map((_, index) => (index > 0 && rows.some((row) => isFigure(row[index])) ? '--:' : '---'))
  return [columns, alignments, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function isFigure(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || /^[\d.]/.test(cell ?? '')
}

const METHOD = `All contestants of a table take turns in one run; figures are medians over the rounds. The load is wrk, and every answer is
compared with the expected one: a run with an unexpected answer, a broken connection or a time-out does not count. CPU per
request is user and system time of the gateway's whole process tree, as the kernel counts it, divided by the answers: it holds
on a noisy machine where requests per second do not. The upstream is an nginx that answers from memory.`

function toHeading(machine: Machine): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  return [
    '# Benchmarks',
    `Measured ${machine.date} on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.kernel}.`,
    `Versions: ${versions.join(', ')}.`,
    ...(machine.skipped.length > 0 ? [`Not on this machine, so skipped: ${machine.skipped.join(', ')}.`] : []),
    `Command: \`${machine.command}\`. Load, upstream and gateway share the machine; ${machine.placement}`,
    METHOD,
  ].join('\n\n')
}
