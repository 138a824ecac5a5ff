/** Owns the end of an app: what it could call with, and what it could call, goes before it is removed. */
import { endKeysOf } from '../keys/key-store.ts'
import type { Doing } from '../store/doing.ts'
import { listSubscriptions, stepSubscription } from '../subscriptions/subscription-store.ts'

/** Its keys are refused from now on, and its subscriptions have ended: nothing names it any more. By uid. */
export async function endApp(doing: Doing, app: string, note = ''): Promise<void> {
  await endKeysOf(doing, app)
  for (const { uid } of await listSubscriptions(doing.db, { app, isLive: true })) {
    await stepSubscription(doing, uid, { step: 'end', note })
  }
}
