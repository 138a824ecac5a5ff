/** Owns codes by time (RFC 6238): what an app on somebody's phone shows. Each code is taken once. */
import { Secret, TOTP } from 'otpauth'
import { findChallenge, startChallenge, takeChallenge } from '../challenges/challenge-store.ts'
import { sealForUser, unsealForUser } from '../secrets/personal-seal.ts'
import type { SecretKey } from '../secrets/secret-key.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { getUser } from '../users/user-store.ts'
import { drawRecoveryCodes, dropRecoveryCodes } from './recovery-codes.ts'

const PURPOSE = 'totp'
/** RFC 4226 §4 R6: a secret of 160 bits is recommended. */
const SECRET_BYTES = 20
/** RFC 6238 §5.2: one step for the way, and for clocks. */
const STEPS_BESIDE = 1
/** What apps take for granted, whatever the link says. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const
const CODE = /^\d{6}$/

/** What a person is shown, once, to tell it to the app. */
export interface TotpOffer {
  /** base32, for typing it in. */
  readonly secret: string
  /** `otpauth://…`, for a picture. */
  readonly uri: string
  /** To be given back with the first code. */
  readonly challenge: string
}

/** Nothing changes until a code proves that the app has it. `issuer`: what the app shows. @rejects UserFault `not-found`; SecretFault */
export async function offerTotp(
  doing: Doing,
  key: SecretKey,
  { user, issuer }: { readonly user: string; readonly issuer: string },
): Promise<TotpOffer> {
  const { email } = await getUser(doing.db, user)
  const secret = new Secret({ size: SECRET_BYTES })
  const sealed = await sealForUser(doing, key, { user, text: secret.base32 })
  const challenge = await startChallenge(doing, { purpose: PURPOSE, user, facts: { sealed } })
  return { secret: secret.base32, uri: new TOTP({ issuer, label: email, secret, ...FORM }).toString(), challenge }
}

/**
 * In place of the one before. Gives new recovery codes, which are shown once. Undefined: the code is wrong, and may be typed
 * again, or the offer is too old. @rejects SecretFault
 */
export async function confirmTotp(
  doing: Doing,
  key: SecretKey,
  given: { readonly user: string; readonly challenge: string; readonly code: string },
): Promise<readonly string[] | undefined> {
  const { db, nowMs } = doing
  const asked = { secret: given.challenge, purpose: PURPOSE }
  const offer = await findChallenge(db, { ...asked, nowMs })
  if (offer?.user !== given.user) return undefined
  const { sealed } = offer.facts as { readonly sealed: string }
  const step = findStep(await unsealForUser(db, key, { user: given.user, sealed }), given.code, nowMs)
  if (step === undefined) return undefined
  await takeChallenge(doing, asked)
  await setTotp(doing, given.user, { totp: sealed, step })
  return await drawRecoveryCodes(doing, given.user)
}

/** Whoever asks has counted the attempt before (`admitCode`). False also for a code that was used. @rejects SecretFault */
export async function useTotp(
  doing: Doing,
  key: SecretKey,
  { user, code }: { readonly user: string; readonly code: string },
): Promise<boolean> {
  const row = await findTotp(doing.db, user)
  if (row === undefined || row.totp === null) return false
  const step = findStep(await unsealForUser(doing.db, key, { user, sealed: row.totp }), code, doing.nowMs)
  // RFC 6238 §5.2: the same code is not accepted a second time, nor is one before it.
  if (step === undefined || step <= (row.totp_step ?? 0)) return false
  await setTotp(doing, user, { totp: row.totp, step })
  return true
}

/** Recovery codes go with it, where there is no passkey that they stand in for. @rejects UserFault `not-found` */
export async function removeTotp(doing: Doing, user: string): Promise<void> {
  const { db, sequence } = doing
  await db.updateTable('users').set({ totp: null, totp_step: null, sequence }).where('uid', '=', user).execute()
  if ((await getUser(db, user)).passkeys.length === 0) await dropRecoveryCodes(doing, user)
}

async function findTotp(db: Moment, user: string) {
  return await db.selectFrom('users').select(['totp', 'totp_step']).where('uid', '=', user).executeTakeFirst()
}

async function setTotp(
  { db, sequence }: Doing,
  user: string,
  { totp, step }: { readonly totp: string; readonly step: number },
): Promise<void> {
  await db.updateTable('users').set({ totp, totp_step: step, sequence }).where('uid', '=', user).execute()
}

/** Of the code, counted from the epoch. */
function findStep(base32: string, typed: string, nowMs: number): number | undefined {
  const token = typed.replace(/\s/g, '')
  if (!CODE.test(token)) return undefined
  const totp = new TOTP({ secret: Secret.fromBase32(base32), ...FORM })
  const delta = totp.validate({ token, timestamp: nowMs, window: STEPS_BESIDE })
  return delta === null ? undefined : totp.counter({ timestamp: nowMs }) + delta
}
