/** Owns `gatewright audit`: what was done at a control plane, by whom. */
import { ClientProblem, type Operations } from '@gatewright/client'
import { defineCommand, UsageError } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'
import { parseMoment } from '../to-moment.ts'

const MOST_A_PAGE = 500

export const audit = defineCommand({
  name: 'audit',
  description:
    'A line for each entry of the audit log that you may see, the newest first: when, who, what, where, and why. --json has their details, and uids for --by.',
  options: {
    ...SERVER_OPTIONS,
    by: { type: 'text', value: 'ACTOR', description: 'Only what this one did: user:UID, token:UID, system or me.' },
    action: { type: 'text', value: 'NAME', description: 'Only this, such as publish, create or end.' },
    kind: { type: 'text', value: 'NAME', description: 'Only what was done to this, such as api, app or key.' },
    team: { type: 'text', value: 'ID', description: 'Only in this team.' },
    in: { type: 'text', value: 'ENVIRONMENT', description: 'Only what was done in this environment, or to it.' },
    since: {
      type: 'text',
      value: 'TIME',
      description: 'Since 2027-01-31, 2027-01-31T12:00:00Z, or for 30m, 12h or 7d.',
    },
    limit: { type: 'integer', value: 'COUNT', min: 1, max: 100_000, description: 'At most so many. Default: 50.' },
    json: JSON_OPTION,
  },
  example: { line: 'gatewright audit --kind api --since 7d', says: 'What was done to APIs in the last seven days.' },

  async run({ values }, terminal) {
    const { by, action, kind, team, in: environment, since, limit = 50 } = values
    const from = since === undefined ? undefined : toTime(since)
    if (by !== undefined) assertActor(by)
    return await onServer(values, terminal, async ({ client }) => {
      const actor = by === 'me' ? (await client.ask('getMe', {})).body.actor : by
      const query = {
        ...(actor !== undefined && { by: actor }),
        ...(action !== undefined && { action }),
        ...(kind !== undefined && { kind }),
        ...(team !== undefined && { team }),
        ...(environment !== undefined && { environment }),
        ...(from !== undefined && { from }),
      }
      const entries = await listEntries(client, query, limit)
      if (values.json) terminal.print(JSON.stringify(entries, null, 2))
      else if (entries.length === 0) terminal.print(await toNothing(client, query))
      else terminal.print(toColumns(entries.map(toCells)))
      return EXIT_CODES.ok
    })
  },
})

type Entry = Operations['listAudit']['answer']['items'][number]
type Query = Operations['listAudit']['query']

async function listEntries(client: Server['client'], query: Query, limit: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  let below: number | undefined
  do {
    const page = { limit: Math.min(MOST_A_PAGE, limit - entries.length), ...(below !== undefined && { below }) }
    const { items, next } = (await client.ask('listAudit', { query: { ...query, ...page } })).body
    entries.push(...items)
    below = next
  } while (below !== undefined && entries.length < limit)
  return entries
}

function toCells({ number, at, by, byName = by, action, kind, target, team, details }: Entry): readonly string[] {
  const name = findName(details) ?? target
  const { environment, message } = toTold(details)
  return [
    `${number}`,
    at,
    byName,
    action,
    kind,
    team === '*' ? name : `${team}/${name}`,
    environment === undefined ? '' : `in ${environment}`,
    message ?? '',
  ]
}

/** Where, and why: of what is done in an environment. */
function toTold(details: unknown): { readonly environment?: string; readonly message?: string } {
  if (typeof details !== 'object' || details === null) return {}
  const { environment, environments, message } = details as Readonly<
    Record<'environment' | 'environments' | 'message', unknown>
  >
  const where = Array.isArray(environments) ? environments.join(', ') : environment
  return {
    ...(typeof where === 'string' && where !== '' && { environment: where }),
    ...(typeof message === 'string' && { message: message.replaceAll(/\s+/g, ' ') }),
  }
}

/** What is misspelt is nothing that was done to anything: it is said how things are called. */
async function toNothing(client: Server['client'], { kind, environment }: Query): Promise<string> {
  const nothing = 'Nothing of that was done.'
  const ids = environment === undefined ? [] : await listEnvironmentIds(client)
  if (environment !== undefined && ids.length > 0 && !ids.includes(environment))
    return `${nothing} There is no environment "${environment}" now: there are ${ids.join(', ')}.`
  if (kind === undefined) return nothing
  const newest = await listEntries(client, {}, MOST_A_PAGE)
  const kinds = [...new Set(newest.map((entry) => entry.kind))].toSorted()
  if (kinds.length === 0 || kinds.includes(kind)) return nothing
  return `${nothing} No newer entry is about the kind "${kind}": they are about ${kinds.join(', ')}.`
}

/** None where they are not shown to everybody. */
async function listEnvironmentIds(client: Server['client']): Promise<readonly string[]> {
  try {
    const { items } = (await client.ask('listEnvironments', { query: { limit: MOST_A_PAGE } })).body
    return items.map(({ id }) => id)
  } catch (error) {
    if (error instanceof ClientProblem && error.status === 403) return []
    throw error
  }
}

/** What people call it; else its uid has to do. */
function findName(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null) return undefined
  const { id, app, name } = details as Readonly<Record<'id' | 'app' | 'name', unknown>>
  return [id, app, name].find((each) => typeof each === 'string')
}

/** Names are no actors: two people may have the same. @throws UsageError */
function assertActor(by: string): void {
  if (by === 'me' || by === 'system' || /^\w+:\S+$/.test(by)) return
  throw new UsageError(`--by: "${by}" is no actor: write user:UID or token:UID, as --json says it, or me`)
}

const SPAN_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @throws UsageError */
function toTime(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(Date.now() - Number(count) * (SPAN_MS[unit] ?? 0)).toISOString()
  const moment = parseMoment(text)
  if (moment !== undefined) return moment
  throw new UsageError(`--since: "${text}" is no time: write it as 2027-01-31, 2027-01-31T12:00:00Z, or as 12h`)
}
