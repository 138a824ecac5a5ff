/** Owns `gatewright apply`: making a control plane what a folder says, and only what differs. */
import { defineCommand } from '../command.ts'
import { JSON_OPTION, toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { LIVE_FILE } from '../folder/live-file.ts'
import { planFolder } from '../folder/plan-folder.ts'
import { keepPulled, readHashes } from '../folder/pulled.ts'
import { readFolder } from '../folder/read-folder.ts'
import { readServerState } from '../folder/server-state.ts'
import { explainStep, type Plan, type Step, WaitsForOthers } from '../folder/step.ts'
import { tellPlan, tellSpared, toText } from '../folder/tell-plan.ts'
import { ACKNOWLEDGE_OPTION, toAcknowledge } from '../live/acknowledging.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'

export const apply = defineCommand({
  name: 'apply',
  description:
    'Makes and changes what differs, in an order in which names are there before they are used, and then makes live what live.yaml says. A second time it does nothing. What somebody changes meanwhile is not overwritten. What fails keeps nothing else from being done, and is told at the end. What protected environments run waits until others have approved it: it is told, and the exit code is 3 where nothing failed. The exit code of --dry-run is 2 where something would change.',
  positionals: [{ name: 'DIR', description: 'As `gatewright pull` writes it.' }],
  options: {
    ...SERVER_OPTIONS,
    message: { type: 'text', short: 'm', value: 'TEXT', description: 'Why, for those who come later.' },
    ...ACKNOWLEDGE_OPTION,
    prune: {
      type: 'switch',
      description: 'Remove what the folder does not have, of the kinds, teams and environments that it names.',
    },
    yes: { type: 'switch', description: 'Do not ask before removing.' },
    'dry-run': { type: 'switch', description: 'Only say what would be done.' },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright apply gateway --server prod -m "new limits"',
    says: 'Brings prod to what the folder gateway says, and prints a line for each thing done.',
  },

  async run({ values, positionals: [given = ''] }, terminal) {
    const path = toPath(given, terminal)
    const folder = readFolder(path)
    const hashes = readHashes(path)
    for (const fault of folder.faults) terminal.complain(fault)
    if (folder.faults.length > 0) return EXIT_CODES.faults
    return await onServer(values, terminal, async ({ client, url }) => {
      const state = await readServerState(client)
      const { prune, message = '' } = values
      const acknowledged = toAcknowledge(values, values.message)
      const plan = await planFolder(client, { folder, state }, { prune, message, acknowledged })
      if (values['dry-run']) return await tellPlan(plan, { url, isJson: values.json }, terminal)
      if (!values.yes && !(await mayRemove(plan, terminal))) return EXIT_CODES.faults
      return await runPlan(
        plan,
        { url, isJson: values.json, keep: (undone) => keepApplied({ path, hashes, undone }, terminal) },
        terminal,
      )
    })
  },
})

/** Nobody is asked about what is only made or changed. */
async function mayRemove({ steps }: Plan, terminal: Terminal): Promise<boolean> {
  const removals = steps.filter(({ action }) => action === 'remove' || action === 'take out')
  if (removals.length === 0) return true
  for (const step of removals) terminal.complain(toText(step))
  const answer = await terminal.readInput('Remove these? Type yes, then Enter and Ctrl-D:')
  if (/^\s*y(?:es)?\s*$/i.test(answer)) return true
  terminal.complain('Nothing was done. Without a terminal, say --yes.')
  return false
}

interface Failure {
  readonly step: Step
  readonly lines: readonly string[]
}

interface Running {
  readonly url: string
  readonly isJson: boolean
  /** `undone`: subjects of steps. */
  keep(undone: readonly string[]): void
}

async function runPlan(
  { steps, spared, faults }: Plan,
  { url, isJson, keep }: Running,
  terminal: Terminal,
): Promise<number> {
  const failures: Failure[] = []
  const waiting: Failure[] = []
  const done: Step[] = []
  for (const step of steps) {
    const isNeeded = ({ step: { subject } }: Failure): boolean => step.needs?.includes(subject) === true
    const missing = failures.find(isNeeded)
    if (missing !== undefined) {
      failures.push({ step, lines: [`It needs ${missing.step.subject}, which failed.`] })
      continue
    }
    const held = waiting.find(isNeeded)
    if (held !== undefined) {
      waiting.push({ step, lines: [`It needs ${held.step.subject}, which waits: apply again when that is done.`] })
      continue
    }
    try {
      const unserved = await step.run()
      done.push(step)
      if (!isJson) terminal.print(toText(step))
      if (unserved.length > 0) failures.push({ step, lines: unserved })
    } catch (error) {
      if (error instanceof WaitsForOthers) {
        waiting.push({ step, lines: [error.message] })
        continue
      }
      const lines = explainStep(error, step, url)
      if (lines === undefined) throw error
      failures.push({ step, lines })
    }
  }
  const undone = [...failures, ...waiting].map(({ step }) => step.subject)
  keep(faults.length > 0 ? [...undone, LIVE_FILE] : undone)
  if (isJson) terminal.print(JSON.stringify(toJson({ done, failures, waiting, spared, faults }), null, 2))
  else if (steps.length === 0 && faults.length === 0) terminal.print('Nothing to do.')
  if (!isJson) tellSpared(spared, terminal)
  for (const fault of faults) terminal.complain(fault)
  for (const { step, lines } of waiting)
    terminal.complain([`${step.action} ${step.subject} waits:`, ...lines].join('\n  '))
  for (const { step, lines } of failures) {
    terminal.complain([`${step.action} ${step.subject} failed:`, ...lines].join('\n  '))
  }
  if (failures.length > 0)
    terminal.complain(
      `${failures.length} of ${steps.length} failed. Mend them, and apply again: what is done stays done.`,
    )
  if (failures.length + faults.length > 0) return EXIT_CODES.faults
  return waiting.length > 0 ? EXIT_CODES.waits : EXIT_CODES.ok
}

interface Applied {
  readonly path: string
  /** As the files were when they were read. */
  readonly hashes: ReadonlyMap<string, string>
  readonly undone: readonly string[]
}

/** What was applied is nothing that `pull` would lose. */
function keepApplied({ path, hashes, undone }: Applied, terminal: Terminal): void {
  const files = new Set(undone.map((subject) => subject.split(': ')[0]))
  try {
    keepPulled(path, new Map([...hashes].filter(([file]) => !files.has(file))))
  } catch (error) {
    terminal.complain(`What was applied cannot be noted for the next pull: ${(error as Error).message}`)
  }
}

function toJson({
  done,
  failures,
  waiting,
  ...rest
}: { done: readonly Step[]; failures: readonly Failure[]; waiting: readonly Failure[] } & Pick<
  Plan,
  'spared' | 'faults'
>) {
  const said = ({ action, subject, changes }: Step) => ({ action, subject, changes })
  return {
    done: done.map(said),
    failed: failures.map(({ step, lines }) => ({ ...said(step), fault: lines })),
    waiting: waiting.map(({ step, lines }) => ({ ...said(step), why: lines })),
    ...rest,
  }
}
