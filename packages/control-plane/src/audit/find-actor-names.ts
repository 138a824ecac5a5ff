/** Owns what people call who did something: actors are uids, which outlive names. */
import type { Actor } from '../access/actor.ts'
import { toOneLine } from '../resources/to-one-line.ts'
import { inParts } from '../store/in-parts.ts'
import type { Moment } from '../store/store.ts'
import type { AuditEntry } from './audit-log.ts'

type Said = Pick<AuditEntry, 'by' | 'personal'>

/** `Ada`; `token "ci" of team shop`, also where it has ended; what was noted where they are gone; undefined: nobody knows any more, or nobody is to. */
export async function findActorNames(
  db: Moment,
  entries: readonly Said[],
): Promise<(entry: Said) => string | undefined> {
  const actors = [...new Set(entries.map(({ by }) => by))]
  const tokens = await findTokens(db, listUids(actors, 'token'))
  const owners = [...tokens.values()].flatMap(({ user }) => user ?? [])
  const people = await findPeople(db, [...new Set([...listUids(actors, 'user'), ...owners])])
  return (entry) => {
    const name = toName(entry, { tokens, people })
    return name === undefined ? undefined : toOneLine(name)
  }
}

interface Known {
  readonly tokens: Awaited<ReturnType<typeof findTokens>>
  readonly people: ReadonlyMap<string, string>
}

function toName({ by, personal }: Said, { tokens, people }: Known): string | undefined {
  if (personal === 'erased') return undefined
  const [kind, uid = ''] = by.split(':')
  const noted = (personal?.facts as { readonly name?: string } | null | undefined)?.name
  if (kind === 'user') return people.get(uid) ?? noted
  if (kind !== 'token') return undefined
  const token = tokens.get(uid)
  if (token === undefined) return noted === undefined ? undefined : `token "${noted}"`
  const { name, team, user } = token
  const of = team === null ? people.get(user ?? '') : `team ${team}`
  return `token "${name}"${of === undefined ? '' : ` of ${of}`}`
}

function listUids(actors: readonly Actor[], kind: string): string[] {
  return actors.filter((actor) => actor.startsWith(`${kind}:`)).map((actor) => actor.slice(kind.length + 1))
}

async function findTokens(db: Moment, uids: readonly string[]) {
  const found = new Map<string, { readonly name: string; readonly team: string | null; readonly user: string | null }>()
  for (const some of inParts(uids)) {
    const rows = await db
      .selectFrom('tokens')
      .select(['uid', 'name', 'team', 'user'])
      .where('uid', 'in', some)
      .execute()
    for (const row of rows) found.set(row.uid, row)
  }
  return found
}

async function findPeople(db: Moment, uids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const some of inParts(uids)) {
    const rows = await db.selectFrom('users').select(['uid', 'name']).where('uid', 'in', some).execute()
    for (const { uid, name } of rows) found.set(uid, name)
  }
  return found
}
