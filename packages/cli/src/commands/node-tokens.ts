/** Owns `gatewright node-tokens`: the tokens that nodes of a group come with, each shown once. */
import type { Operations } from '@gatewright/client'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { pickAction } from '../pick-action.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'
import { toMoment } from '../to-moment.ts'

const OPTIONS = {
  ...SERVER_OPTIONS,
  name: { type: 'text', value: 'NAME', description: 'issue: for people, which machines have it. Default: the group.' },
  expires: { type: 'text', value: 'TIME', description: 'issue: refused from then on: 2027-01-31, or a time as well.' },
  json: JSON_OPTION,
} as const

type NodeTokensValues = Values<typeof OPTIONS>

/** What an action is about. */
interface About {
  readonly client: Server['client']
  readonly group: string
  readonly uid: string
  readonly values: NodeTokensValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof NodeTokensValues)[]
  run(about: About): Promise<void>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: [], run: list },
  issue: { options: ['name', 'expires'], run: issue },
  end: { options: [], run: end },
}

export const nodeTokens = defineCommand({
  name: 'node-tokens',
  description:
    'issue prints a new token, alone, on stdout: it is shown this once. end has it refused from now on: nodes serve on with what they have, and get nothing new by it. list shows all of them, also those that ended, and no token. The group is a file of the folder that apply reads: node-groups/edge.yaml.',
  positionals: [
    { name: 'ACTION', description: 'list, issue or end.' },
    { name: 'GROUP', description: 'The node group.' },
    { name: 'TOKEN', description: 'end: its uid, as list and issue say it.', optional: true },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright node-tokens issue edge --name "rack 1" > token',
    says: 'Give the file to the machines: `gatewright node --token-file token` comes with it.',
  },

  async run({ values: given, positionals: [action = '', group = '', uid] }, terminal) {
    const values = given as NodeTokensValues
    const { run } = pickAction(ACTIONS, { command: 'node-tokens', name: action, values })
    if (action === 'end' && uid === undefined)
      throw new UsageError(`which token? \`gatewright node-tokens list ${group}\` shows their uids`)
    if (action !== 'end' && uid !== undefined) throw new UsageError(`\`node-tokens ${action}\` has no use for "${uid}"`)
    return await onServer(values, terminal, async ({ client }) => {
      await run({ client, group, uid: uid ?? '', values, terminal })
      return EXIT_CODES.ok
    })
  },
})

type NodeToken = Operations['listNodeTokens']['answer']['items'][number]

async function list({ client, group, values, terminal }: About): Promise<void> {
  const { items } = (await client.ask('listNodeTokens', { params: { group } })).body
  if (values.json) terminal.print(JSON.stringify(items, null, 2))
  else if (items.length === 0) terminal.print('It has no tokens.')
  else terminal.print(toColumns(items.map(toCells)))
}

function toCells({ uid, hint, name, createdAt, expiresAt, endedAt }: NodeToken): readonly string[] {
  const end = endedAt !== undefined ? `ended ${endedAt}` : expiresAt !== undefined ? `until ${expiresAt}` : ''
  return [uid, hint, name, `since ${createdAt}`, end]
}

/** Alone on stdout: so that a script need not look for it. */
async function issue({ client, group, values, terminal }: About): Promise<void> {
  const { name = group, expires } = values
  const said = { name, ...(expires !== undefined && { expiresAt: toMoment('--expires', expires) }) }
  const { body } = await client.ask('issueNodeToken', { params: { group }, body: said })
  terminal.print(values.json ? JSON.stringify(body, null, 2) : body.value)
  terminal.complain(`The token is shown this once. Its uid is ${body.uid}.`)
}

async function end({ client, group, uid, values, terminal }: About): Promise<void> {
  await client.ask('endNodeToken', { params: { group, uid } })
  terminal.print(values.json ? JSON.stringify({ uid, ended: true }) : `${uid} has ended: it is refused from now on.`)
}
