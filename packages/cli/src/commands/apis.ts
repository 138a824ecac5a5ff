/** Owns `gatewright apis`: APIs side by side, version by version, with what has become of each where. */
import type { Client, Operations } from '@gatewright/client'
import { defineCommand } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toLifecycleText } from '../live/tell-lifecycle.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'

export const apis = defineCommand({
  name: 'apis',
  description:
    'Lines for each API that you may see: its version, and in each environment whether it is published, deprecated or retired, and since when. One that is live nowhere is a draft. Versions of a family, which APIs name as their `family`, stand together.',
  positionals: [{ name: 'FAMILY', description: 'Only versions of this one. Default: all APIs.', optional: true }],
  options: {
    ...SERVER_OPTIONS,
    team: { type: 'text', value: 'ID', description: 'Only of this team.' },
    json: JSON_OPTION,
  },
  example: { line: 'gatewright apis orders', says: 'All versions of orders, the lowest first.' },

  async run({ values, positionals: [family] }, terminal) {
    const { team, json } = values
    return await onServer(values, terminal, async ({ client }) => {
      const query = { ...(family !== undefined && { family }), ...(team !== undefined && { team }) }
      const found = await listStates(client, query)
      if (json) terminal.print(JSON.stringify(found, null, 2))
      else if (found.length === 0) terminal.print('There are none.')
      else terminal.print(toColumns(found.flatMap(toRows)))
      return EXIT_CODES.ok
    })
  },
})

type Query = Operations['listApiStates']['query']
type ApiState = Operations['listApiStates']['answer']['items'][number]

async function listStates(client: Client, query: Query): Promise<readonly ApiState[]> {
  const all = await listAll((page) => client.ask('listApiStates', { query: { ...page, ...query } }), 200)
  // Pages are cut by the ids of APIs.
  return all.toSorted((a, b) => compare(toKey(a), toKey(b)))
}

function toKey({ team, family, id, version = '' }: ApiState): readonly string[] {
  return [team, family ?? id, version, id]
}

/** `v2` before `v10`. */
function compare(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const order = part.localeCompare(b[i] ?? '', 'en', { numeric: true })
    if (order !== 0) return order
  }
  return 0
}

/** One for each environment. */
function toRows({ team, id, family, version, environments }: ApiState): readonly (readonly string[])[] {
  const head = [`${team}/${id}`, version ?? '-', family === undefined ? '-' : `family ${family}`]
  if (environments.length === 0) return [[...head, '-', 'draft']]
  return environments.map(({ environment, state, since, revisions: _, ...said }) => {
    const text = state === 'published' ? state : toLifecycleText({ state, ...said })
    return [...head, environment, text, `since ${since}`]
  })
}
