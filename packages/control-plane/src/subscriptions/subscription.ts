/** Owns what a subscription is: an app's right to call what somebody sells, on a plan, and the steps that it takes from asked for to ended. */
import type { Actor } from '../access/actor.ts'

/** `approved` waits for what comes before the first call: a contract, a payment. */
export type SubscriptionState = 'requested' | 'approved' | 'active' | 'suspended' | 'ended'

export type SubscriptionStep = 'approve' | 'activate' | 'suspend' | 'resume' | 'end'

const STEPS: Readonly<Record<SubscriptionState, Partial<Readonly<Record<SubscriptionStep, SubscriptionState>>>>> = {
  requested: { approve: 'approved', end: 'ended' },
  approved: { activate: 'active', end: 'ended' },
  active: { suspend: 'suspended', end: 'ended' },
  suspended: { resume: 'active', end: 'ended' },
  ended: {},
}

/** What is subscribed to: all that a product sells, or one API. By uid. */
export type SubscriptionTarget = { readonly product: string } | { readonly api: string }

export function toTargetUid(target: SubscriptionTarget): string {
  return 'product' in target ? target.product : target.api
}

export interface Subscription {
  readonly uid: string
  /** Uids. */
  readonly app: string
  readonly target: SubscriptionTarget
  readonly plan: string
  readonly state: SubscriptionState
  /** Uids of APIs that it was for before it was moved: its plan counts there too, and where it does not open them the app is refused. */
  readonly former?: readonly string[]
  /** The change of the store that made it what it is. */
  readonly sequence: number
  readonly createdAtMs: number
  readonly createdBy: Actor
}

/** One thing that was done to it: who, when and what for. The first is `request`; `move` leaves its state. */
export interface SubscriptionRecord {
  /** From 1. */
  readonly number: number
  readonly step: SubscriptionStep | 'request' | 'move'
  /** After it. */
  readonly state: SubscriptionState
  readonly note: string
  readonly sequence: number
  readonly atMs: number
  readonly by: Actor
}

export type SubscriptionFaultReason = 'not-found' | 'unknown' | 'refused-step' | 'taken' | 'plan'

/** What was asked does not go with what there is. */
export class SubscriptionFault extends Error {
  override readonly name = 'SubscriptionFault'
  readonly reason: SubscriptionFaultReason
  /** What could be done instead, where a step is refused. */
  readonly possible: readonly SubscriptionStep[]
  /** What is in the way, where it is `taken`. */
  readonly current: Subscription | undefined

  constructor(
    reason: SubscriptionFaultReason,
    message: string,
    more: { readonly possible?: readonly SubscriptionStep[]; readonly current?: Subscription } = {},
  ) {
    super(message)
    this.reason = reason
    this.possible = more.possible ?? []
    this.current = more.current
  }
}

/** @throws SubscriptionFault `refused-step`, with what is possible */
export function toNextState(state: SubscriptionState, step: SubscriptionStep): SubscriptionState {
  const next = STEPS[state][step]
  if (next !== undefined) return next
  const possible = listSteps(state)
  const instead =
    possible.length === 0 ? 'Nothing can be done with it: make a new one.' : `It can ${possible.join(', ')}.`
  throw new SubscriptionFault('refused-step', `A subscription that is ${state} cannot ${step}. ${instead}`, {
    possible,
  })
}

/** What can be done with one that is so. */
function listSteps(state: SubscriptionState): SubscriptionStep[] {
  return Object.keys(STEPS[state]) as SubscriptionStep[]
}
