/** Owns making a resource what somebody sends, by whichever route: checked, kept with what was written, and told. */
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Asking } from '../http/route.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { hasTeam } from '../teams/has-team.ts'
import { type Kind, toRef } from './kind.ts'
import type { Described, Resource, ResourceRef } from './resource.ts'
import { createResource, findResource, keepEnd, replaceResource } from './resource-store.ts'
import { keepSource, readSource } from './source-store.ts'
import { toChangeLines } from './to-change-lines.ts'

interface At {
  readonly team?: string
  readonly id: string
}

export interface PutOptions {
  readonly kind: Kind
  readonly at: At
  readonly body: Described
  /** The version that the change was made of. */
  readonly ifMatch?: number | undefined
  /** Only where there is none yet. */
  readonly ifNone?: boolean
  /** The body as it was written, where that says more. */
  readonly source?: string | undefined
  /** Beside what was before and after, for the audit log. */
  readonly details?: object
}

export interface PutDone {
  readonly before: Resource | undefined
  readonly made: Resource
  /** None: it was all of that already. */
  readonly notes: readonly AuditNote[]
  readonly changes: readonly string[]
}

/** @rejects AdminProblem, and faults of the domain */
export async function putResource(asking: Asking, doing: Doing, options: PutOptions): Promise<PutDone> {
  const { kind, at, body, ifMatch, ifNone = false, source, details } = options
  const ref = toRef(kind, at)
  const before = await findResource(doing.db, ref)
  if (ifNone && before !== undefined) throw new AdminProblem('changed-meanwhile', `There is "${ref.id}" already.`)
  if (before === undefined && ifMatch !== undefined)
    throw new AdminProblem('changed-meanwhile', `There is no "${ref.id}" any more.`)
  await assertTeam(doing.db, kind, at)
  const putting = { ref, before, body }
  await kind.check?.(asking, doing, putting)
  const made =
    before === undefined
      ? await createResource(doing, ref, body)
      : await replaceResource(doing, ref, { version: ifMatch, body })
  const isSame = made.version === before?.version
  if (!isSame && kind.facts?.findEnd !== undefined) await keepEnd(doing.db, made.uid, kind.facts.findEnd(body))
  if (!isSame) await kind.confirm?.(asking, doing, putting)
  const isRewritten = source !== undefined && (await rewrite(doing.db, before, { made, source }))
  if (isSame) {
    if (!isRewritten) return { before, made, notes: [], changes: [] }
    return { before, made, notes: [toNote('rewrite', made, { source })], changes: ['comments or layout'] }
  }
  const action = before === undefined ? 'create' : 'replace'
  const notes = [toNote(action, made, { before: before?.body, after: body, ...details })]
  return { before, made, notes, changes: toChangeLines(before?.body, body) }
}

export function toNote(action: string, { kind, uid, team, id }: Resource & ResourceRef, details: object): AuditNote {
  return { action, kind, target: uid, team, details: { id, ...details } }
}

/** @rejects AdminProblem */
export async function assertTeam(db: Moment, { scope }: Kind, { team }: At): Promise<void> {
  if (scope !== 'team' || team === undefined || (await hasTeam(db, team))) return
  throw new AdminProblem('not-found', `There is no team "${team}".`)
}

interface Written {
  readonly made: Resource
  readonly source: string
}

/** False: it was written just so before. */
async function rewrite(db: Moment, before: Resource | undefined, { made, source }: Written): Promise<boolean> {
  if (made.version === before?.version && (await readSource(db, before)) === source) return false
  await keepSource(db, made, source)
  return true
}
