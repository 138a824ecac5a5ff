/** Owns what every resource is: something that people name, describe and edit, in versions that are all kept. */
import type { Actor } from '../access/actor.ts'

/** Where a resource stands. `team` is whose names it stands among. */
export interface ResourceRef {
  readonly kind: string
  readonly team: string
  readonly id: string
}

/** What people may say about every resource. */
export interface Described {
  readonly title?: string
  readonly description?: string
  readonly tags?: readonly string[]
  /** Who answers for it: a team or a person. */
  readonly owner?: string
}

/** A resource as it is now. */
export interface Resource<Body extends Described = Described> extends ResourceRef {
  /** Never given twice. */
  readonly uid: string
  /** 1 when it was made; one more with each change. */
  readonly version: number
  /** The change of the store that made it what it is. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  readonly createdBy: Actor
  readonly updatedAtMs: number
  readonly updatedBy: Actor
  readonly body: Body
}

/** One version of a resource. */
export interface ResourceVersion {
  readonly uid: string
  readonly version: number
  readonly sequence: number
  readonly atMs: number
  readonly by: Actor
  /** Undefined where it was removed. */
  readonly body: Described | undefined
}

export type ResourceFaultReason = 'taken' | 'not-found' | 'changed'

/** What was asked does not fit what is there. */
export class ResourceFault extends Error {
  override readonly name = 'ResourceFault'
  readonly reason: ResourceFaultReason
  readonly ref: ResourceRef
  /** What is there, where there is something. */
  readonly current: Resource | undefined

  constructor(reason: ResourceFaultReason, ref: ResourceRef, current?: Resource) {
    super(toMessage(reason, ref, current))
    this.reason = reason
    this.ref = ref
    this.current = current
  }
}

function toMessage(reason: ResourceFaultReason, { kind, id }: ResourceRef, current: Resource | undefined): string {
  switch (reason) {
    case 'taken':
      return `There is already one of the kind "${kind}" with the id "${id}".`
    case 'not-found':
      return `There is none of the kind "${kind}" with the id "${id}".`
    case 'changed':
      return `"${id}" has been changed meanwhile: it is at version ${current?.version}.`
  }
}
