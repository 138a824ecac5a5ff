/** Owns what a revision is: an API as it was when somebody published it, numbered, and never changed. */
import type { Actor } from '../access/actor.ts'
import type { Described } from '../resources/resource.ts'

export interface Revision<Body extends Described = Described> {
  /** Uid of the API. */
  readonly api: string
  /** From 1, within the API. */
  readonly number: number
  /** SHA-256 of what it says: equal for equal revisions. */
  readonly hash: string
  readonly message: string
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly by: Actor
  readonly body: Body
}
