/** Owns `gatewright keys`: keys of an app that a control plane keeps, each shown once. */
import type { Operations } from '@gatewright/client'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { pickAction } from '../pick-action.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'
import { toMoment } from '../to-moment.ts'

const OPTIONS = {
  ...SERVER_OPTIONS,
  name: { type: 'text', value: 'NAME', description: 'issue: for people, where it is used.' },
  plan: { type: 'text', value: 'ID', description: 'issue: a plan of the team, instead of what the app has.' },
  expires: { type: 'text', value: 'TIME', description: 'issue: refused from then on: 2027-01-31, or a time as well.' },
  overlap: {
    type: 'integer',
    value: 'HOURS',
    min: 0,
    max: 90 * 24,
    description: 'rotate: for how long the old key stays good. Default: 24.',
  },
  json: JSON_OPTION,
} as const

type KeysValues = Values<typeof OPTIONS>

/** What an action is about. */
interface About {
  readonly client: Server['client']
  readonly params: { readonly team: string; readonly id: string }
  readonly uid: string
  readonly values: KeysValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof KeysValues)[]
  readonly needsKey: boolean
  run(about: About): Promise<void>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: [], needsKey: false, run: list },
  issue: { options: ['name', 'plan', 'expires'], needsKey: false, run: issue },
  rotate: { options: ['overlap'], needsKey: true, run: rotate },
  end: { options: [], needsKey: true, run: end },
}
const HOUR_MS = 60 * 60 * 1000

export const keys = defineCommand({
  name: 'keys',
  description:
    'issue prints a new key, alone, on stdout: it is shown this once. rotate issues another on the same terms, and the old one goes on for a while. end has it refused from now on. list shows all of them, also those that ended, and no key. For keys of a file there is `gatewright key`.',
  positionals: [
    { name: 'ACTION', description: 'list, issue, rotate or end.' },
    { name: 'APP', description: 'Its id; `team/id` where its team is not main.' },
    { name: 'KEY', description: 'rotate and end: its uid, as list and issue say it.', optional: true },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright keys issue acme --name "web shop"',
    says: 'Give the key to who runs acme. Gateways know it as soon as they hear of it.',
  },

  async run({ values: given, positionals: [name = '', app = '', uid] }, terminal) {
    const values = given as KeysValues
    const action = pickAction(ACTIONS, { command: 'keys', name, values })
    if (action.needsKey && uid === undefined)
      throw new UsageError(`which key? \`gatewright keys list ${app}\` shows their uids: keys ${name} ${app} UID`)
    if (!action.needsKey && uid !== undefined) throw new UsageError(`\`keys ${name}\` has no use for "${uid}"`)
    return await onServer(values, terminal, async ({ client }) => {
      await action.run({ client, params: toApiPlace(app), uid: uid ?? '', values, terminal })
      return EXIT_CODES.ok
    })
  },
})

type Key = Operations['listKeys']['answer']['items'][number]

async function list({ client, params, values, terminal }: About): Promise<void> {
  const all = await listAll((query) => client.ask('listKeys', { params, query }))
  if (values.json) terminal.print(JSON.stringify(all, null, 2))
  else if (all.length === 0) terminal.print('It has no keys.')
  else terminal.print(toColumns(all.map(toCells)))
}

function toCells({ uid, hint, name, plan, createdAt, expiresAt, endedAt }: Key): readonly string[] {
  const end = endedAt !== undefined ? `ended ${endedAt}` : expiresAt !== undefined ? `until ${expiresAt}` : ''
  return [uid, hint || '-', name ?? '-', plan === undefined ? '-' : `plan ${plan}`, `since ${createdAt}`, end]
}

async function issue({ client, params, values, terminal }: About): Promise<void> {
  const { name, plan, expires, json } = values
  const said = {
    ...(name !== undefined && { name }),
    ...(plan !== undefined && { plan }),
    ...(expires !== undefined && { expiresAt: toMoment('--expires', expires) }),
  }
  const { body } = await client.ask('issueKey', { params, body: said })
  tellKey(body, { isJson: json }, terminal)
}

async function rotate({ client, params, uid, values, terminal }: About): Promise<void> {
  const { overlap, json } = values
  const said = overlap === undefined ? {} : { overlapMs: overlap * HOUR_MS }
  const { body } = await client.ask('rotateKey', { params: { ...params, uid }, body: said })
  tellKey(body, { isJson: json }, terminal)
  if (!json) terminal.complain(`The old one, ${uid}, is good until ${body.old.expiresAt ?? body.old.endedAt ?? 'now'}.`)
}

/** Alone on stdout: so that a script need not look for it. */
function tellKey(made: Key & { readonly value: string }, { isJson }: { isJson: boolean }, terminal: Terminal): void {
  terminal.print(isJson ? JSON.stringify(made, null, 2) : made.value)
  terminal.complain(`The key is shown this once. Its uid is ${made.uid}.`)
}

async function end({ client, params, uid, values, terminal }: About): Promise<void> {
  await client.ask('endKey', { params: { ...params, uid } })
  terminal.print(values.json ? JSON.stringify({ uid, ended: true }) : `${uid} has ended: it is refused from now on.`)
}
