/** Owns `gatewright live`: what is live where. */

import { defineCommand } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toText } from '../folder/compare-releases.ts'
import { listLive } from '../live/list-live.ts'
import { toLifecycleText } from '../live/tell-lifecycle.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'

export const live = defineCommand({
  name: 'live',
  description:
    'A line for each API in each environment that you may see: its releases, since when, whether it is on its way out, and why.',
  positionals: [{ name: 'ENV', description: 'Only this environment. Default: all.', optional: true }],
  options: { ...SERVER_OPTIONS, json: JSON_OPTION },
  example: { line: 'gatewright live prod', says: 'What prod serves now.' },

  async run({ values, positionals: [environment] }, terminal) {
    return await onServer(values, terminal, async ({ client }) => {
      const environments = environment === undefined ? await listEnvironments(client) : [environment]
      const rows = []
      for (const id of environments) {
        const items = await listLive(client, id)
        rows.push(...items.map((item) => ({ environment: id, ...item })))
      }
      if (values.json) terminal.print(JSON.stringify(rows, null, 2))
      else if (rows.length === 0) terminal.print('Nothing is live.')
      else {
        const cells = rows.map(({ environment: where, team, api, releases, at, lifecycle, why, message }) => [
          where,
          `${team}/${api}`,
          toText(releases),
          at,
          lifecycle === undefined ? 'published' : toLifecycleText(lifecycle),
          message === '' ? why : `${why}: ${message}`,
        ])
        terminal.print(toColumns(cells))
      }
      return EXIT_CODES.ok
    })
  },
})

async function listEnvironments(client: Server['client']): Promise<readonly string[]> {
  return (await listAll((query) => client.ask('listEnvironments', { query }))).map(({ id }) => id)
}
