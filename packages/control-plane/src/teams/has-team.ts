/** Owns which teams there are: those that somebody made, and one that nobody has to make. */
import { NO_TEAM } from '../resources/kind.ts'
import { findResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { MAIN_TEAM } from './main-team.ts'

export async function hasTeam(db: Moment, id: string): Promise<boolean> {
  return id === MAIN_TEAM || (await findResource(db, { kind: 'team', team: NO_TEAM, id })) !== undefined
}
