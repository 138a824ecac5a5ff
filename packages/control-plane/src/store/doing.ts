/** Owns what everything gets that changes something: the change of the store, who makes it, and when. */
import type { Actor } from '../access/actor.ts'
import type { Change } from './store.ts'

export interface Doing extends Change {
  readonly by: Actor
  readonly nowMs: number
}
