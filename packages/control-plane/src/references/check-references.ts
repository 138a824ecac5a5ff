/** Owns that what is named is there: a body names nothing that is missing, and what is still named does not go. */
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { findIds } from '../resources/find-resources.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource, ResourceRef } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import { listNamers } from './list-namers.ts'
import { listReferences, type NamedKind, type Reference } from './reference.ts'
import { ReferenceFault } from './reference-fault.ts'

/** Of a body that is to be kept as `ref`, as the schema of its kind has it. @rejects ReferenceFault `unknown` */
export async function checkReferences(db: Moment, ref: ResourceRef, body: unknown): Promise<void> {
  const references = listReferences(ref.kind, body)
  const missing: Reference[] = []
  for (const kind of new Set(references.map((reference) => reference.kind))) {
    const named = references.filter((reference) => reference.kind === kind)
    const known = await findKnown(db, {
      kind,
      team: named[0]?.team ?? ref.team,
      ids: [...new Set(named.map(({ id }) => id))],
    })
    missing.push(...named.filter(({ id }) => !known.has(id)))
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
