/** Owns that what is named is there: a body names nothing that is missing, and what is still named does not go. */
import { findClosest } from '@gatewright/model'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { findIds } from '../resources/find-resources.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource, ResourceRef } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import { listNamers } from './list-namers.ts'
import { listReferences, type NamedKind } from './reference.ts'
import { type Missing, ReferenceFault } from './reference-fault.ts'

/** Of a body that is to be kept as `ref`, as the schema of its kind has it. @rejects ReferenceFault `unknown` */
export async function checkReferences(db: Moment, ref: ResourceRef, body: unknown): Promise<void> {
  const references = listReferences(ref.kind, body)
  const missing: Missing[] = []
  const byPlace = Map.groupBy(references, ({ kind, team = ref.team }) => `${kind} ${team}`)
  for (const named of byPlace.values()) {
    const [first] = named
    if (first === undefined) continue
    const { kind, team = ref.team, isOpen } = first
    const known = await findKnown(db, { kind, team, ids: [...new Set(named.map(({ id }) => id))] })
    const unknown = named.filter(({ id }) => !known.has(id))
    const all = isOpen === true && unknown.length > 0 ? await listAllResources(db, kind, team) : []
    const ids = all.map(({ id }) => id)
    missing.push(...unknown.map((one) => ({ ...one, near: findClosest(one.id, ids) })))
  }
  if (missing.length > 0) throw new ReferenceFault(ref, { missing })
}

/** Before it is removed. @rejects ReferenceFault `in-use`, with those that name it */
export async function checkUnnamed(db: Moment, resource: Resource): Promise<void> {
  const namers = await listNamers(db, resource)
  const { kind, team, id } = resource
  if (namers.length > 0) throw new ReferenceFault({ kind, team, id }, { namers })
}

interface Named {
  readonly kind: NamedKind
  readonly team: string
  readonly ids: readonly string[]
}

async function findKnown(db: Moment, named: Named): Promise<Set<string>> {
  if (named.kind === 'document') {
    const rows = await db.selectFrom('documents').select('hash').where('hash', 'in', named.ids).execute()
    return new Set(rows.map(({ hash }) => hash))
  }
  const known = await findIds(db, named)
  if (named.kind !== 'upstream' || known.size === named.ids.length) return known
  // One that only some environments have is there: where it is missing, the API cannot be put live.
  for (const { body } of (await listAllResources(db, 'environment')) as Resource<EnvironmentBody>[]) {
    for (const { id } of body.upstreams ?? []) known.add(id)
  }
  return known
}
