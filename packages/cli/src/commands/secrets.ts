/** Owns `gatewright secrets`: secrets of an environment, whose values come from stdin or a file, and are shown to nobody. */
import { readFileSync } from 'node:fs'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION, toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { assertDone, WaitsForOthers } from '../folder/step.ts'
import { pickAction } from '../pick-action.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'

const OPTIONS = {
  ...SERVER_OPTIONS,
  'value-file': { type: 'text', value: 'FILE', description: 'set: where the value stands, instead of stdin.' },
  json: JSON_OPTION,
} as const

type SecretsValues = Values<typeof OPTIONS>

/** What an action is about. */
interface About {
  readonly client: Server['client']
  readonly environment: string
  readonly name: string
  readonly value: string
  readonly values: SecretsValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof SecretsValues)[]
  run(about: About): Promise<void>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: [], run: list },
  set: { options: ['value-file'], run: set },
  remove: { options: [], run: remove },
}

export const secrets = defineCommand({
  name: 'secrets',
  description:
    'set reads the value from stdin, or from a file: so it does not stand in the history of your shell. Nobody is shown it again; list shows names. In a protected environment, a change of what something live names waits for the approval of others, and the exit code is 3.',
  positionals: [
    { name: 'ACTION', description: 'list, set or remove.' },
    { name: 'ENV', description: 'The environment.' },
    { name: 'NAME', description: 'set and remove: as `${secret:NAME}` names it.', optional: true },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright secrets set prod BACKEND_TOKEN --value-file token',
    says: 'What is live in prod and names it has this value from now on.',
  },

  async run({ values: given, positionals: [action = '', environment = '', name] }, terminal) {
    const values = given as SecretsValues
    const { run } = pickAction(ACTIONS, { command: 'secrets', name: action, values })
    if (action === 'list' && name !== undefined) throw new UsageError(`\`secrets list\` has no use for "${name}"`)
    if (action !== 'list' && name === undefined)
      throw new UsageError(`which secret? secrets ${action} ${environment} NAME`)
    const value = action === 'set' ? await readValue(values['value-file'], terminal) : ''
    return await onServer(values, terminal, async ({ client }) => {
      try {
        await run({ client, environment, name: name ?? '', value, values, terminal })
        return EXIT_CODES.ok
      } catch (error) {
        if (!(error instanceof WaitsForOthers)) throw error
        terminal.complain(error.message)
        return EXIT_CODES.waits
      }
    })
  },
})

async function list({ client, environment, values, terminal }: About): Promise<void> {
  const { items } = (await client.ask('listSecrets', { params: { environment } })).body
  if (values.json) terminal.print(JSON.stringify(items, null, 2))
  else if (items.length === 0) terminal.print('It has no secrets.')
  else terminal.print(toColumns(items.map((each) => [each.name, `version ${each.version}`, `since ${each.updatedAt}`])))
}

async function set({ client, environment, name, value, values, terminal }: About): Promise<void> {
  const answer = await client.ask('putSecret', { params: { environment, name }, body: { value } })
  assertDone(answer, { environment, team: '' })
  const { version } = answer.body
  terminal.print(
    values.json ? JSON.stringify(answer.body, null, 2) : `${environment}/${name} is set (version ${version}).`,
  )
}

async function remove({ client, environment, name, values, terminal }: About): Promise<void> {
  assertDone(await client.ask('removeSecret', { params: { environment, name } }), { environment, team: '' })
  terminal.print(
    values.json ? JSON.stringify({ environment, name, removed: true }) : `${environment}/${name} is removed.`,
  )
}

/** @throws UsageError */
async function readValue(file: string | undefined, terminal: Terminal): Promise<string> {
  const text =
    file === undefined
      ? await terminal.readInput('Type the value, then Enter and Ctrl-D:')
      : readValueFile(toPath(file, terminal))
  // What `echo` and editors put behind it is no part of it.
  const value = text.replace(/\r?\n$/, '')
  if (value === '')
    throw new UsageError('no value came: printf %s "$VALUE" | gatewright secrets set …, or --value-file FILE')
  return value
}

function readValueFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--value-file ${path} cannot be read: ${(error as Error).message}`)
  }
}
