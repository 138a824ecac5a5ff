// Owns the form of a question and of its answer: one file of this folder asks one question.
import type { Bar } from './bars.ts'

export interface Setting {
  rounds: number
  seconds: number
  connections: number
  /** Threads of the gateway and workers of its peers. */
  threads: number
  /** `taskset` lists; absent: the scheduler decides. */
  gatewayCores?: string | undefined
  loadCores?: string | undefined
  /** A temp folder of this question's own. */
  dir: string
  /** Progress, to stderr. */
  say(line: string): void
}

export interface Table {
  columns: string[]
  rows: (string | number)[][]
}

export interface Answer {
  title: string
  /** What was done, in a sentence or two. */
  method: string
  tables: Table[]
  bars: Bar[]
  notes: string[]
}

export interface Question {
  name: string
  ask(setting: Setting): Promise<Answer>
}
