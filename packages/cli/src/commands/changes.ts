/** Owns `gatewright changes`: what waits until others have approved it, shown to them, and let through or not. */
import type { Operations } from '@gatewright/client'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toText } from '../folder/compare-releases.ts'
import { toNodeFaults } from '../folder/step.ts'
import { type NamedChange, parseChangeName, toChangeName } from '../live/change-name.ts'
import { toLifecycleText } from '../live/tell-lifecycle.ts'
import { pickAction } from '../pick-action.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'

const STATES = ['waiting', 'done', 'refused', 'withdrawn', 'expired'] as const
const PAGE = 500

const OWN_OPTIONS = {
  state: { type: 'text', value: 'STATE', description: `list: those that are ${STATES.join(', ')}. Default: waiting.` },
  note: { type: 'text', value: 'TEXT', description: 'approve, refuse, withdraw: why, for those who come later.' },
} as const

const OPTIONS = {
  ...SERVER_OPTIONS,
  ...OWN_OPTIONS,
  'dry-run': { type: 'switch', description: 'Not list or show: do it, show what it came to, and undo it.' },
  json: JSON_OPTION,
} as const

type ChangesValues = Values<typeof OPTIONS>

interface About {
  readonly client: Server['client']
  readonly name: string
  readonly values: ChangesValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof typeof OWN_OPTIONS | 'dry-run')[]
  readonly isOfOne: boolean
  /** Answers the exit code. */
  run(about: About): Promise<number>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: ['state'], isOfOne: false, run: list },
  show: { options: [], isOfOne: true, run: show },
  approve: { options: ['note', 'dry-run'], isOfOne: true, run: approve },
  refuse: { options: ['note', 'dry-run'], isOfOne: true, run: defineEnd('refuseChange', 'refuseAskedChange') },
  withdraw: { options: ['note', 'dry-run'], isOfOne: true, run: defineEnd('withdrawChange', 'withdrawAskedChange') },
}

export const changes = defineCommand({
  name: 'changes',
  description:
    'What protected environments run changes when others than who asked have approved it. list shows what waits, show what would become of what; approve lets it through, and with the last approval that it needs it is done; refuse ends it, and withdraw ends one of your own.',
  positionals: [
    { name: 'ACTION', description: `${Object.keys(ACTIONS).join(', ')}.` },
    { name: 'CHANGE', description: 'Not list: as list says it, prod/7 or prod/main/orders/7.', optional: true },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright changes approve prod/main/orders/7 --note "seen in staging"',
    says: 'Lets it through, and says whether it is live or needs more approvals.',
  },

  async run({ values: given, positionals: [actionName = '', subject] }, terminal) {
    const values = given as ChangesValues
    const action = pickAction(ACTIONS, { command: 'changes', name: actionName, values })
    if (action.isOfOne && subject === undefined) throw new UsageError(`which one? changes ${actionName} CHANGE`)
    if (!action.isOfOne && subject !== undefined)
      throw new UsageError(`\`changes ${actionName}\` has no use for "${subject}"`)
    return await onServer(values, terminal, ({ client }) =>
      action.run({ client, name: subject ?? '', values, terminal }),
    )
  },
})

type Change = Operations['listChanges']['answer']['items'][number]

async function list({ client, values, terminal }: About): Promise<number> {
  const state = toState(values.state ?? 'waiting')
  const all: Change[] = []
  for (let below: number | undefined; ; ) {
    const page = { state, limit: PAGE, ...(below !== undefined && { below }) }
    const { items } = (await client.ask('listChanges', { query: page })).body
    all.push(...items)
    below = items.at(-1)?.sequence
    if (items.length < PAGE) break
  }
  if (values.json) terminal.print(JSON.stringify(all, null, 2))
  else if (all.length === 0) terminal.print(state === 'waiting' ? 'Nothing waits.' : 'There are none.')
  else terminal.print(toColumns(all.map(toCells)))
  return EXIT_CODES.ok
}

/** @throws UsageError */
function toState(text: string): (typeof STATES)[number] {
  const state = STATES.find((each) => each === text)
  if (state !== undefined) return state
  throw new UsageError(`--state: "${text}" is none of ${STATES.join(', ')}`)
}

function toCells(change: Change): readonly string[] {
  const { state, approvals, needed, askedBy, askedByName = askedBy, askedAt, message } = change
  const counted = state === 'waiting' ? `${approvals.length} of ${needed} approvals` : state
  return [toChangeName(change), toWhat(change), counted, `${askedByName}, ${askedAt}`, message]
}

/** `publish`, or `putUpstream main/shop`. */
function toWhat({ why, about }: Change): string {
  return about === undefined ? (why ?? '') : `${about.action} ${about.id}`
}

async function show({ client, name, values, terminal }: About): Promise<number> {
  const change = parseChangeName(name)
  const { body } =
    change.api === undefined
      ? await client.ask('getAskedChange', { params: toParams(change) })
      : await client.ask('getChange', { params: toApiParams(change, change.api) })
  if (values.json) terminal.print(JSON.stringify(body, null, 2))
  else tell(body, terminal)
  return EXIT_CODES.ok
}

function tell(change: Change, terminal: Terminal): void {
  const { releases, changes: lines = [], breaking = [], lifecycle, approvals, end, expiresAt, state } = change
  terminal.print(toColumns([toCells(change)]))
  if (releases !== undefined) terminal.print(`  to be live: ${releases.length === 0 ? 'nothing' : toText(releases)}`)
  if (lifecycle !== undefined) terminal.print(`  ${toLifecycleText(lifecycle)}`)
  for (const line of lines) terminal.print(`  ${line}`)
  for (const { code, message: said } of breaking) terminal.print(`  breaks callers: ${said} (${code})`)
  for (const { by, byName = by, at, note } of approvals) terminal.print(`  approved by ${byName}, ${at}${toNote(note)}`)
  if (end !== undefined) terminal.print(`  ${state} by ${end.byName ?? end.by}, ${end.at}${toNote(end.note)}`)
  else if (state === 'waiting') terminal.print(`  waits until ${expiresAt}`)
}

function toNote(note: string): string {
  return note === '' ? '' : `: ${note}`
}

async function approve({ client, name, values, terminal }: About): Promise<number> {
  const { note = '', 'dry-run': isDryRun } = values
  const change = parseChangeName(name)
  const said = { body: { note }, isDryRun }
  const { body } =
    change.api === undefined
      ? await client.ask('approveAskedChange', { params: toParams(change), ...said })
      : await client.ask('approveChange', { params: toApiParams(change, change.api), query: {}, ...said })
  const { deployment }: Operations['approveChange']['answer'] = body
  const faults = isDryRun || deployment === undefined ? [] : toNodeFaults(deployment, change.environment)
  if (values.json) terminal.print(JSON.stringify({ dryRun: isDryRun, ...body }, null, 2))
  else terminal.print(toOutcome(name, body.change, isDryRun))
  for (const fault of faults) terminal.complain(fault)
  if (faults.length > 0) return EXIT_CODES.faults
  return body.change.state === 'waiting' && !isDryRun ? EXIT_CODES.waits : EXIT_CODES.ok
}

function toOutcome(name: string, { state, approvals, needed }: Change, isDryRun: boolean): string {
  if (state !== 'waiting') return `${name} ${isDryRun ? 'would be' : 'is'} ${state}`
  return `${name} ${isDryRun ? 'would have' : 'has'} ${approvals.length} of ${needed} approvals, and waits for the others`
}

/** By who may approve it, or by who asked. */
function defineEnd(
  ofApi: 'refuseChange' | 'withdrawChange',
  ofElse: 'refuseAskedChange' | 'withdrawAskedChange',
): Action['run'] {
  return async ({ client, name, values, terminal }) => {
    const { note = '', 'dry-run': isDryRun } = values
    const change = parseChangeName(name)
    const said = { body: { note }, isDryRun }
    const { body } =
      change.api === undefined
        ? await client.ask(ofElse, { params: toParams(change), ...said })
        : await client.ask(ofApi, { params: toApiParams(change, change.api), ...said })
    if (values.json) terminal.print(JSON.stringify({ dryRun: isDryRun, ...body }, null, 2))
    else terminal.print(toOutcome(name, body, isDryRun))
    return EXIT_CODES.ok
  }
}

function toParams({ environment, number }: NamedChange) {
  return { environment, number }
}

function toApiParams({ environment, team, number }: NamedChange, id: string) {
  return { environment, team, id, number }
}
