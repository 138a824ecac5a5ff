/** Owns which APIs a list may show, and things of them: those of whole teams, and single ones, everywhere or in single environments. */
import type { ExpressionBuilder } from 'kysely'
import type { TeamPart } from '../access/decide-access.ts'
import { EVERY_TEAM } from '../access/grant.ts'
import type { Moment } from '../store/store.ts'
import type { Tables } from '../store/tables.ts'

export interface Readable {
  /** Ids. */
  readonly teams: readonly string[]
  readonly parts: readonly TeamPart[]
}

/** Without those that are limited to environments: what stands in none is not theirs. */
export function listApiParts(parts: readonly TeamPart[]): readonly TeamPart[] {
  return parts.filter(({ environments }) => environments === undefined)
}

/** What is limited to others is nothing there. By id. */
export function listPartsIn(parts: readonly TeamPart[], environment: string): readonly TeamPart[] {
  return parts.filter(({ environments }) => environments?.includes(environment) !== false)
}

/** True of resources that are shown: of a team, or named by a part that is not asked for its environments. */
export function isReadable({ or, and, eb, lit }: ExpressionBuilder<Tables, 'resources'>, { teams, parts }: Readable) {
  const ofTeams = teams.length === 0 ? lit(false) : eb('team', 'in', teams)
  const ofParts = parts.map(({ team, apis }) =>
    and([
      ...(team === EVERY_TEAM ? [] : [eb('team', '=', team)]),
      ...(apis === undefined ? [] : [eb('id', 'in', apis)]),
      eb('kind', '=', 'api'),
    ]),
  )
  return or([ofTeams, ...ofParts])
}

/** Uids of APIs. */
export function selectReadable(db: Moment, readable: Readable) {
  return db
    .selectFrom('resources')
    .select('uid')
    .where('kind', '=', 'api')
    .where((expressions) => isReadable(expressions, readable))
}

/** Uids, by ids. */
export function selectEnvironments(db: Moment, ids: readonly string[]) {
  return db.selectFrom('resources').select('uid').where('kind', '=', 'environment').where('id', 'in', ids)
}
