/** Owns the routes of how one logs in: one's password, codes by time, codes on paper, and passkeys. All of them are for who has just logged in. */

import { z } from 'zod'
import { NOBODY } from '../access/actor.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { admitLogin, noteLogin } from '../logins/login-guard.ts'
import { creationOptionsSchema, registrationSchema } from '../passkeys/passkey-schemas.ts'
import { addPasskey, offerPasskey, removePasskey } from '../passkeys/passkey-store.ts'
import { getSecretKey } from '../secrets/get-secret-key.ts'
import { endTokensOf } from '../tokens/token-store.ts'
import { toQrPicture } from '../two-factor/qr-picture.ts'
import { drawRecoveryCodes } from '../two-factor/recovery-codes.ts'
import { confirmTotp, offerTotp, removeTotp } from '../two-factor/totp.ts'
import { findPasswordRecord, hashNewPassword, isPasswordRight } from '../users/password.ts'
import type { User } from '../users/user.ts'
import { setPassword } from '../users/user-store.ts'
import { assertNoWait, getFreshSession, getOwnSession, getPasskeySite, toAccountNote } from './sign-in.ts'

const ISSUER = 'Gatewright'
const COMMON = { tag: 'account', access: { kind: 'own' } } as const

const recoveryCodes = z
  .array(z.string())
  .meta({ description: 'Each is good once. They are shown now, and never again.' })
const passkeySchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.exactOptional(),
})

function presentPasskey({ id, name, createdAtMs, lastUsedAtMs }: User['passkeys'][number]) {
  return {
    id,
    name,
    createdAt: toTime(createdAtMs),
    ...(lastUsedAtMs !== undefined && { lastUsedAt: toTime(lastUsedAtMs) }),
  }
}

const getFactors = defineReading({
  ...COMMON,
  name: 'getMyFactors',
  path: '/me/factors',
  summary: 'With what you log in.',
  answer: z.strictObject({
    hasPassword: z.boolean(),
    hasTotp: z.boolean(),
    recoveryCodes: z.int().meta({ description: 'How many are left.' }),
    passkeys: z.array(passkeySchema),
  }),
  async read(asking, db) {
    const { user } = await getOwnSession(asking, db)
    const { hasPassword, hasTotp, passkeys } = user
    return { body: { hasPassword, hasTotp, recoveryCodes: user.recoveryCodes, passkeys: passkeys.map(presentPasskey) } }
  },
})

const changePassword = defineChange({
  ...COMMON,
  name: 'changeMyPassword',
  method: 'PUT',
  path: '/me/password',
  summary: 'Changes your password. Everywhere else you are logged out.',
  body: z.strictObject({
    old: z.string().min(1).max(1000).optional().meta({ description: 'Not needed in the first minutes of a login.' }),
    new: z.string().min(1).max(1000),
    endTokens: z.boolean().default(false).meta({ description: 'Ends your tokens as well.' }),
  }),
  isSecret: true,
  async prepare(asking, { body }) {
    const { store, nowMs } = asking.services
    const { user } = await store.read((db) => getOwnSession(asking, db))
    if (body.old !== undefined) {
      const attempt = { email: user.email, address: asking.address }
      assertNoWait(await store.write((change) => admitLogin({ ...change, by: NOBODY, nowMs: nowMs() }, attempt)))
      const record = await store.read((db) => findPasswordRecord(db, user.email))
      if (!(await isPasswordRight(body.old, record))) {
        throw new AdminProblem('code-wrong', 'The old password is wrong.')
      }
    }
    return await hashNewPassword(body.new, user)
  },
  async change(asking, doing, { body, prepared: hash }) {
    const get = body.old === undefined ? getFreshSession : getOwnSession
    const { session, user } = await get(asking, doing.db)
    if (body.old !== undefined) await noteLogin(doing, { email: user.email, address: asking.address })
    await setPassword(doing, user.uid, { hash, keep: session.uid })
    const tokens = body.endTokens ? await endTokensOf(doing, user.uid) : 0
    return { body: undefined, notes: [toAccountNote('change-password', user, { endedTokens: tokens })] }
  },
})

const offer = defineChange({
  ...COMMON,
  name: 'offerMyTotp',
  method: 'POST',
  path: '/me/totp',
  summary: 'What an app for codes is told. Nothing counts until the first code has proved that it has it.',
  answer: z.strictObject({
    secret: z.string(),
    uri: z.string(),
    picture: z
      .strictObject({ size: z.int(), path: z.string() })
      .meta({ description: 'The link as a QR code: a path of SVG in a square of this size.' }),
    challenge: z.string(),
  }),
  isSecret: true,
  async change(asking, doing) {
    const { user } = await getFreshSession(asking, doing.db)
    const key = getSecretKey(asking.services)
    const offered = await offerTotp(doing, key, { user: user.uid, issuer: ISSUER })
    return { body: { ...offered, picture: toQrPicture(offered.uri) }, notes: [] }
  },
})

const confirm = defineChange({
  ...COMMON,
  name: 'confirmMyTotp',
  method: 'PUT',
  path: '/me/totp',
  summary: 'The first code of the app: from now on a login needs one.',
  body: z.strictObject({ challenge: z.string().max(200), code: z.string().min(1).max(100) }),
  answer: z.strictObject({ recoveryCodes }),
  isSecret: true,
  async change(asking, doing, { body }) {
    const { user } = await getFreshSession(asking, doing.db)
    const codes = await confirmTotp(doing, getSecretKey(asking.services), { user: user.uid, ...body })
    if (codes === undefined) {
      const detail = 'The code is wrong, or what it belongs to is too old. Does the clock of the phone go right?'
      return { problem: new AdminProblem('code-wrong', detail), notes: [] }
    }
    return { body: { recoveryCodes: [...codes] }, notes: [toAccountNote('add-totp', user)] }
  },
})

const remove = defineChange({
  ...COMMON,
  name: 'removeMyTotp',
  method: 'DELETE',
  path: '/me/totp',
  summary: 'A login needs no code by time any more.',
  async change(asking, doing) {
    const { user } = await getFreshSession(asking, doing.db)
    if (!user.hasTotp) throw new AdminProblem('not-found', 'You have no app for codes.')
    await removeTotp(doing, user.uid)
    return { body: undefined, notes: [toAccountNote('remove-totp', user)] }
  },
})

const draw = defineChange({
  ...COMMON,
  name: 'drawMyRecoveryCodes',
  method: 'POST',
  path: '/me/recovery-codes',
  summary: 'New codes for paper, in place of those before: for who has lost what they log in with.',
  answer: z.strictObject({ recoveryCodes }),
  isSecret: true,
  async change(asking, doing) {
    const { user } = await getFreshSession(asking, doing.db)
    if (!user.hasTotp && user.passkeys.length === 0) {
      throw new AdminProblem('conflict', 'They stand in for a second factor: add a passkey or an app for codes first.')
    }
    const codes = await drawRecoveryCodes(doing, user.uid)
    return { body: { recoveryCodes: [...codes] }, notes: [toAccountNote('draw-recovery-codes', user)] }
  },
})

const offerKey = defineChange({
  ...COMMON,
  name: 'offerMyPasskey',
  method: 'POST',
  path: '/me/passkeys/options',
  summary: 'What a page hands to the browser to make a passkey.',
  answer: creationOptionsSchema,
  isSecret: true,
  async change(asking, doing) {
    const { user } = await getFreshSession(asking, doing.db)
    return { body: await offerPasskey(doing, getPasskeySite(asking), user.uid), notes: [] }
  },
})

const addKey = defineChange({
  ...COMMON,
  name: 'addMyPasskey',
  method: 'POST',
  path: '/me/passkeys',
  summary: 'Keeps the passkey that the browser has made.',
  body: z.strictObject({ name: z.string().min(1).max(100), response: registrationSchema }),
  answer: z.strictObject({ passkey: passkeySchema, recoveryCodes: recoveryCodes.exactOptional() }),
  status: 201,
  isSecret: true,
  async change(asking, doing, { body }) {
    const { user } = await getFreshSession(asking, doing.db)
    const verdict = await addPasskey(doing, getPasskeySite(asking), { user: user.uid, ...body })
    if (verdict.kind === 'wrong') {
      const detail = `The passkey was not taken: ${verdict.why}.`
      return { problem: new AdminProblem('code-wrong', detail), notes: [] }
    }
    const { passkey } = verdict
    const codes = verdict.user.recoveryCodes === 0 ? await drawRecoveryCodes(doing, user.uid) : undefined
    return {
      body: { passkey: presentPasskey(passkey), ...(codes !== undefined && { recoveryCodes: [...codes] }) },
      notes: [toAccountNote('add-passkey', user, { id: passkey.id })],
    }
  },
})

const removeKey = defineChange({
  ...COMMON,
  name: 'removeMyPasskey',
  method: 'DELETE',
  path: '/me/passkeys/{passkey}',
  summary: 'Nobody logs in with this passkey any more.',
  params: z.strictObject({ passkey: z.string().max(2000) }),
  async change(asking, doing, { params: { passkey: id } }) {
    const { user } = await getFreshSession(asking, doing.db)
    if (!(await removePasskey(doing, { user: user.uid, id }))) {
      throw new AdminProblem('not-found', 'You have no such passkey.')
    }
    return { body: undefined, notes: [toAccountNote('remove-passkey', user, { id })] }
  },
})

export const FACTOR_ROUTES: readonly Route[] = [
  getFactors,
  changePassword,
  offer,
  confirm,
  remove,
  draw,
  offerKey,
  addKey,
  removeKey,
]
