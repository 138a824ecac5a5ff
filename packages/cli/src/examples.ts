/** Owns the examples that travel with the command: what there is, where it lies, and what to try once it runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findClosest } from '@gatewright/model'
import { UsageError } from './command.ts'

export interface Example {
  readonly name: string
  /** One sentence: the first line of its README below the title. */
  readonly summary: string
  /** Absolute. */
  readonly folder: string
  /** Absolute: the file, or the folder, to start with. */
  readonly config: string
  /** Lines to print once it serves; `{port}` stands for the listener's. Empty where there is nothing to try. */
  readonly greeting: readonly string[]
}

/** Beside an example, and for `start --example` alone. */
export const GREETING_FILE = 'curls.txt'
const EXAMPLES_FOLDER = fileURLToPath(new URL('../examples/', import.meta.url))
/** The easiest first: the list is read from the top. */
const ORDER = ['quickstart', 'openapi', 'keys-and-limits', 'own-policy', 'websocket', 'folder']

export function listExamples(): readonly Example[] {
  const names = readdirSync(EXAMPLES_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  return names.sort((a, b) => toRank(a) - toRank(b) || a.localeCompare(b)).map(readExample)
}

function toRank(name: string): number {
  const at = ORDER.indexOf(name)
  return at < 0 ? ORDER.length : at
}

/** @throws UsageError that names what there is. */
export function getExample(name: string): Example {
  const examples = listExamples()
  const example = examples.find((each) => each.name === name)
  if (example !== undefined) return example
  const names = examples.map((each) => each.name)
  const closest = findClosest(name, names)
  throw new UsageError(
    `there is no example "${name}": ${closest === undefined ? `choose one of ${names.join(', ')}` : `did you mean "${closest}"?`}`,
  )
}

function readExample(name: string): Example {
  const folder = `${EXAMPLES_FOLDER}${name}`
  const [, summary = ''] = readFileSync(`${folder}/README.md`, 'utf8').split(/\n+/)
  const file = `${folder}/gatewright.yaml`
  const greeting = `${folder}/${GREETING_FILE}`
  return {
    name,
    summary,
    folder,
    config: existsSync(file) ? file : `${folder}/gatewright`,
    greeting: existsSync(greeting) ? readFileSync(greeting, 'utf8').trimEnd().split('\n') : [],
  }
}
