/** Owns telling what applying a folder would do, without doing it: exit code 0 for nothing, 2 for something, 1 where it could not. */
import { ClientProblem } from '@gatewright/client'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { explainStep, type Plan, type Step, type StepAction } from './step.ts'

interface Told {
  readonly action: StepAction
  readonly subject: string
  readonly changes: readonly string[]
  readonly fault?: readonly string[]
}

export interface TellOptions {
  readonly url: string
  readonly isJson: boolean
}

/** Each is tried where that is possible. @rejects what is no problem of the control plane */
export async function tellPlan(
  { steps, spared, faults }: Plan,
  { url, isJson }: TellOptions,
  terminal: Terminal,
): Promise<number> {
  const told: Told[] = []
  // What names a thing that is not made yet cannot be tried, and is no fault.
  let isTentative = false
  for (const step of steps) {
    told.push(await tryOut(step, { url, isTentative }))
    if (step.action === 'make' || step.action === 'keep') isTentative = true
  }
  if (isJson) terminal.print(JSON.stringify({ steps: told, spared, faults }, null, 2))
  else {
    for (const each of told) terminal.print(toText(each))
    if (told.length === 0) terminal.print('No difference.')
    tellSpared(spared, terminal)
  }
  for (const fault of faults) terminal.complain(fault)
  const failed = told.filter(({ fault }) => fault !== undefined)
  for (const { subject, fault = [] } of failed)
    terminal.complain([`${subject} cannot be applied:`, ...fault].join('\n  '))
  if (failed.length + faults.length > 0) return EXIT_CODES.faults
  return told.length > 0 ? EXIT_CODES.differs : EXIT_CODES.ok
}

export function tellSpared(spared: readonly string[], terminal: Terminal): void {
  if (spared.length === 0) return
  terminal.print(`The folder does not have, and without --prune these stay: ${spared.join(', ')}`)
}

async function tryOut(step: Step, { url, isTentative }: { url: string; isTentative: boolean }): Promise<Told> {
  const { action, subject, changes } = step
  try {
    return { action, subject, changes: [...changes, ...((await step.tryOut?.()) ?? [])] }
  } catch (error) {
    const fault = explainStep(error, step, url)
    if (fault === undefined) throw error
    const isUntried =
      isTentative && error instanceof ClientProblem && (UNTRIED.has(error.status) || namesMissing(error))
    if (isUntried) return { action, subject, changes: ['(cannot be tried before what it names is made)'] }
    return { action, subject, changes, fault }
  }
}

/** Nothing is wrong but that something which it names is not there yet. */
function namesMissing({ body: { errors } }: ClientProblem): boolean {
  return Array.isArray(errors) && errors.length > 0 && errors.every(({ code }) => code === 'unknown-reference')
}

/** Something is not there, or does not fit what is there. */
const UNTRIED: ReadonlySet<number> = new Set([404, 409, 422])

export function toText({ action, subject, changes }: Pick<Told, 'action' | 'subject' | 'changes'>): string {
  return [`${action} ${subject}`, ...changes.map((line) => `  ${line}`)].join('\n')
}
