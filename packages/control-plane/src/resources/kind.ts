/** Owns what a kind of resources is: what the admin API, the command line and the store have to know to keep one more of them. */
import type { z } from 'zod'
import { EVERY_TEAM } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'
import type { Asking } from '../http/route.ts'
import type { Doing } from '../store/doing.ts'
import type { Described, Resource, ResourceRef } from './resource.ts'

export interface Kind {
  /** `api`: as it stands in the store, and before the colon of its permissions. */
  readonly kind: string
  /** `apis`: as it stands in addresses. */
  readonly plural: string
  /** For people, as in a sentence: `API`. */
  readonly title: string
  /** `everywhere`: it belongs to no team, and who edits it needs a grant for every team. */
  readonly scope: 'team' | 'everywhere'
  /** What is kept, as people write it. */
  readonly body: z.ZodType<Described, Described>
  /** What is told beside it. */
  readonly facts?: KindFacts
  /** Of one that belongs to no team: in some team. */
  readonly read: Permission
  readonly edit: Permission
  /** Before it is kept: whether what it names is there. @rejects AdminProblem, and faults of the domain */
  check?(asking: Asking, doing: Doing, putting: Putting): Promise<void>
  /** Once it is kept, where it is another than before: whether gateways can run what they would run now. @rejects as `check` does */
  confirm?(asking: Asking, doing: Doing, putting: Putting): Promise<void>
  /** Before it is removed: whether nobody needs it. @rejects as `check` does */
  checkRemoval?(asking: Asking, doing: Doing, resource: Resource): Promise<void>
}

/** What follows from a body, and is worth telling. */
export interface KindFacts {
  readonly schema: z.ZodRawShape
  /** `nowMs`: milliseconds since the epoch. */
  tell(body: Described, nowMs: number): object
  /** When it ends, for lists to be sorted by: milliseconds since the epoch; undefined: one that does not. */
  findEnd?(body: Described): number | undefined
}

/** What is to become of a resource. */
export interface Putting {
  readonly ref: ResourceRef
  readonly before: Resource | undefined
  /** As the schema of the kind has it. */
  readonly body: Described
}

/** Returns what it got, with the body's type forgotten: it is parsed wherever it comes from outside. */
export function defineKind<B extends z.ZodType>(parts: Omit<Kind, 'body'> & { readonly body: B }): Kind {
  return parts as unknown as Kind
}

/** `policy-list` → `PolicyList`, as the names of routes and schemas have it. */
export function toKindName(kind: string): string {
  return kind.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** Whose names those of a kind stand among that belongs to no team. */
export const NO_TEAM = EVERY_TEAM

export function toRef(
  { kind, scope }: Kind,
  { team, id }: { readonly team?: string; readonly id: string },
): ResourceRef {
  return { kind, team: scope === 'everywhere' ? NO_TEAM : (team ?? NO_TEAM), id }
}
