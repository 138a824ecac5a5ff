/** Owns `gatewright routes`: every route there is, and what stands before it. */
import type { GatewayModel, Sources } from '@gatewright/model'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, readFaultless } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { hidePutIn } from '../hide-put-in.ts'
import { toMatchTexts } from '../match-texts.ts'
import { findUpstreamId, listRoutes, listUses, type PlacedRoute, toPlaceText, toTemplate } from '../route-uses.ts'
import { toColumns } from '../to-columns.ts'

export const routes = defineCommand({
  name: 'routes',
  description:
    'In the order of the file, with the routes that come from OpenAPI documents. Which of them a request meets is what `explain` says.',
  options: { ...CONFIG_OPTIONS, json: JSON_OPTION },
  example: {
    line: 'gatewright routes --json | jq -r ".[].path"',
    says: 'With --json it is an array, one object a route.',
  },

  async run({ values }, terminal) {
    const configuration = await readFaultless(values, terminal)
    if (configuration === undefined) return EXIT_CODES.faults
    const { model, resolution } = configuration
    const { sources } = resolution
    const rows = listRoutes(model).map((placed) => hidePutIn(toRow(model, placed, sources), sources))
    if (values.json) terminal.print(JSON.stringify(rows, null, 2))
    else if (rows.length === 0) terminal.print('There are no routes.')
    else terminal.print(toTable(rows))
    return EXIT_CODES.ok
  },
})

interface Row {
  readonly methods: readonly string[] | undefined
  readonly hosts: readonly string[] | undefined
  readonly path: string
  /** What is asked of fields, query and cookies, in words; empty: nothing. */
  readonly match: readonly string[]
  readonly api: string
  readonly route: string
  readonly upstream: string | undefined
  readonly policies: readonly string[]
  readonly at: string
}

function toRow(model: GatewayModel, placed: PlacedRoute, sources: Sources): Row {
  const { api, route, path } = placed
  return {
    methods: route.methods,
    hosts: api.hosts,
    path: toTemplate(api, route),
    match: [...toMatchTexts(api.match), ...toMatchTexts(route.match)],
    api: api.id,
    route: route.id,
    upstream: findUpstreamId(placed),
    policies: listUses(model, placed, sources).map(({ use }) => use.policy),
    at: toPlaceText(sources.find(path)),
  }
}

function toTable(rows: readonly Row[]): string {
  // Most files have none, and the table is wide enough.
  const hasMatch = rows.some(({ match }) => match.length > 0)
  const whereMatched = (text: string): string[] => (hasMatch ? [text] : [])
  return toColumns([
    ['METHOD', 'HOST', 'PATH', ...whereMatched('MATCH'), 'API', 'ROUTE', 'UPSTREAM', 'POLICIES'],
    ...rows.map(({ methods, hosts, path, match, api, route, upstream, policies }) => [
      methods?.join(',') ?? 'any',
      hosts?.join(',') ?? 'any',
      path,
      ...whereMatched(match.join(', ') || '-'),
      api,
      route,
      upstream ?? '-',
      policies.join(' ') || '-',
    ]),
  ])
}
