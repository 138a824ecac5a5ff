/** Owns `gatewright nodes`: which nodes are there, what each runs, and what it does and uses. */
import type { Operations } from '@gatewright/client'
import { defineCommand } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'

export const nodes = defineCommand({
  name: 'nodes',
  description:
    'A line for each node that was heard from in the last minutes, by any control plane of the same store. The exit code is 1 where one cannot run what it was given.',
  positionals: [],
  options: { ...SERVER_OPTIONS, json: JSON_OPTION },
  example: { line: 'gatewright nodes', says: 'Whether all of them serve what was published last.' },

  async run({ values }, terminal) {
    return await onServer(values, terminal, async ({ client }) => {
      const { items } = (await client.ask('listNodes', {})).body
      if (values.json) terminal.print(JSON.stringify(items, null, 2))
      else if (items.length === 0) terminal.print('No node was heard from in the last minutes.')
      else terminal.print(toColumns(items.map(toCells)))
      const failed = items.filter(({ state }) => state === 'failed')
      for (const { node, fault } of failed)
        terminal.complain(`node ${node} cannot run it: ${fault ?? 'it does not say why'}`)
      return failed.length > 0 ? EXIT_CODES.faults : EXIT_CODES.ok
    })
  },
})

type Node = Operations['listNodes']['answer']['items'][number]

const MEGABYTE = 2 ** 20

function toCells({ node, state, version, heardAt, snapshot, usage }: Node): readonly string[] {
  const runs = snapshot === undefined ? 'nothing yet' : `snapshot ${snapshot.version} ${snapshot.hash.slice(0, 12)}`
  const used = usage === undefined ? [] : toUsed(usage)
  return [node, state, runs, `Gatewright ${version}`, `heard ${heardAt}`, ...used]
}

function toUsed({ requests, memoryBytes, connections }: NonNullable<Node['usage']>): readonly string[] {
  const total = requests.reduce((sum, each) => sum + each, 0)
  return [`${total} requests`, `${connections} connections`, `${Math.round(memoryBytes / MEGABYTE)} MB`]
}
