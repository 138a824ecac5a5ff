/**
 * Owns through whose hands the login of an account went. Whoever gets the link of an invitation or a reset can use it instead of the
 * person, and nobody can tell later who did: so an account counts as theirs too, and as that of whoever had theirs, where one person
 * is to look after another.
 */
import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { EVERY_TEAM } from '../access/grant.ts'
import { isAllowed } from '../http/assert-allowed.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { findMaker, findPerson } from '../tokens/token-store.ts'
import { toUserPrincipal } from './user.ts'
import { findUser } from './user-store.ts'

/** Who had it. */
interface Hand {
  /** Uid, or the actor where it is no person. */
  readonly person: string
  /** They could change every environment then. */
  readonly mayUnprotect: boolean
}

/** Who asks has from now on what an account (uid) is logged in to with. */
export async function noteHand(doing: Doing, user: string, principal: Principal | undefined): Promise<void> {
  if (principal === undefined) return
  const { db } = doing
  const person = await findPerson(db, principal)
  const known = await listHandsOf(db, user)
  const old = known.find((hand) => hand.person === person)
  const mayUnprotect = (old?.mayUnprotect ?? true) && (await mayUnprotectAll(db, principal))
  const others = known.filter((hand) => hand !== old)
  const hands = JSON.stringify([...others, { person, mayUnprotect }] satisfies Hand[])
  await db.updateTable('users').set({ hands }).where('uid', '=', user).execute()
}

/** Whoever has said what a provider is could be anybody whom it logs in. */
export async function noteProviderHands(doing: Doing, user: string, provider: string): Promise<void> {
  const { db } = doing
  const known = new Set((await listHandsOf(db, user)).map(({ person }) => person))
  for (const person of await listPeopleBehind(db, await listWriters(db, provider))) {
    const writer = await findUser(db, person)
    if (writer !== undefined && !known.has(person)) await noteHand(doing, user, toUserPrincipal(writer))
  }
}

/** What a federation lets in is whoever ever put that. */
async function listPeopleBehind(db: Moment, writers: readonly Hand[]): Promise<ReadonlySet<string>> {
  const found = new Set(writers.map(({ person }) => person))
  // With those that are added meanwhile.
  for (const person of found) {
    if (!person.startsWith('federation:')) continue
    for (const behind of await listHandsOf(db, person)) found.add(behind.person)
  }
  return found
}

/**
 * Is there one who could act as both? Uids. Whoever may change every environment and invites people is trusted to be one person, as
 * whoever has the store is: else two of whom one has invited the other could approve nothing, not even to protect less.
 */
export async function areInOneHand(db: Moment, one: string, other: string): Promise<boolean> {
  const [ofOne, ofOther] = [await listHands(db, one), await listHands(db, other)]
  return [...ofOne].some(([person, mayUnprotect]) => {
    const also = ofOther.get(person)
    return also !== undefined && !(mayUnprotect && also)
  })
}

/** Everybody who could act as a person, themselves first. */
async function listHands(db: Moment, person: string): Promise<ReadonlyMap<string, boolean>> {
  const found = new Map([[person, await isTrusted(db, person)]])
  const open = [person]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const hand of await listHandsOf(db, next)) {
      const known = found.get(hand.person)
      if (known === undefined) open.push(hand.person)
      found.set(hand.person, (known ?? true) && hand.mayUnprotect)
    }
  }
  return found
}

/** Of a federation: who ever said what it lets in. */
async function listHandsOf(db: Moment, user: string): Promise<readonly Hand[]> {
  const [kind, uid = ''] = user.split(':')
  if (kind === 'federation') return await listWriters(db, uid)
  const row = await db.selectFrom('users').select(['hands', 'created_by']).where('uid', '=', user).executeTakeFirst()
  if (row === undefined) return []
  if (row.hands !== null) return JSON.parse(row.hands) as readonly Hand[]
  // Of an account from before this was kept: who made it had its link, and what they might then is not known.
  return await toMakers(db, [row.created_by])
}

/** Of a resource (uid), ever. */
async function listWriters(db: Moment, resource: string): Promise<readonly Hand[]> {
  const versions = await db
    .selectFrom('resource_versions')
    .select('by')
    .distinct()
    .where('resource', '=', resource)
    .execute()
  return await toMakers(
    db,
    versions.map(({ by }) => by),
  )
}

async function toMakers(db: Moment, actors: readonly Actor[]): Promise<readonly Hand[]> {
  const makers = await Promise.all(actors.map((actor) => findMaker(db, actor)))
  return makers.flatMap((person) => (person === undefined ? [] : { person, mayUnprotect: true }))
}

async function isTrusted(db: Moment, person: string): Promise<boolean> {
  const user = await findUser(db, person)
  return user !== undefined && (await mayUnprotectAll(db, toUserPrincipal(user)))
}

/** Whatever a token of theirs is limited to. */
async function mayUnprotectAll(db: Moment, { scopes: _, ...principal }: Principal): Promise<boolean> {
  const demand = { permission: 'environment:edit', team: EVERY_TEAM } as const
  return await isAllowed({ principal }, db, demand)
}
