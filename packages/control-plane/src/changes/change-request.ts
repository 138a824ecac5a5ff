/** Owns what a change request is: what somebody wants to be live in a protected environment, until others have let it through. */
import type { Actor } from '../access/actor.ts'
import type { Wish } from '../deployments/judge-wish.ts'

/** `expired` is one that waited too long: it is told, and stands nowhere. */
export const CHANGE_STATES = ['waiting', 'done', 'refused', 'withdrawn', 'expired'] as const
export type ChangeState = (typeof CHANGE_STATES)[number]

export interface Approval {
  /** Uid. */
  readonly person: string
  readonly by: Actor
  readonly note: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

export type DeploymentWish = Omit<Wish, 'changes' | 'shown'>

/** Of a deployment, or of whatever else a protected environment would run. */
export interface ChangeRequest<Wanted extends object = DeploymentWish> {
  /** Uids; `api` is empty where it is none's deployment. */
  readonly api: string
  readonly environment: string
  /** From 1, within what is live of an API in an environment. */
  readonly number: number
  readonly state: ChangeState
  /** Its version is the one that it was made of. */
  readonly wish: Wanted
  readonly askedBy: Actor
  /** Uid of the person, or of who made the token; else the actor. */
  readonly person: string
  /** Milliseconds since the epoch. */
  readonly askedAtMs: number
  readonly expiresAtMs: number
  readonly approvals: readonly Approval[]
  /** Who did, refused or withdrew it, when, and why. */
  readonly end?: { readonly by: Actor; readonly atMs: number; readonly note: string }
  readonly sequence: number
  /** Of what is to change, where that is no deployment. */
  readonly team?: string
}

export type ChangeFaultReason =
  | 'not-found'
  | 'ended'
  | 'own'
  | 'one-hand'
  | 'no-person'
  | 'no-approver'
  | 'approved'
  | 'others'

export class ChangeFault extends Error {
  override readonly name = 'ChangeFault'
  readonly reason: ChangeFaultReason

  constructor(reason: ChangeFaultReason, message: string) {
    super(message)
    this.reason = reason
  }
}
