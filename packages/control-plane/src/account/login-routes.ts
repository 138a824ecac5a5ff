/** Owns the routes by which people log in and out: a password, a second factor after it, or a passkey alone. */

import { z } from 'zod'
import { NOBODY } from '../access/actor.ts'
import { findChallenge, findChallengeWait, startChallenge, takeChallenge } from '../challenges/challenge-store.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, type Done, defineChange, type Refused, type Route } from '../http/route.ts'
import { toSessionCookie } from '../http/session-cookie.ts'
import { isProviderEnforced } from '../identity-providers/provider-login.ts'
import { admitCode, admitLogin, noteCode, noteLogin } from '../logins/login-guard.ts'
import { assertionSchema, requestOptionsSchema } from '../passkeys/passkey-schemas.ts'
import { askForPasskey, checkPasskey } from '../passkeys/passkey-store.ts'
import { getSecretKey } from '../secrets/get-secret-key.ts'
import { endSession, findSession } from '../sessions/session-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { useRecoveryCode } from '../two-factor/recovery-codes.ts'
import { useTotp } from '../two-factor/totp.ts'
import { findPasswordRecord, isPasswordRight } from '../users/password.ts'
import type { User } from '../users/user.ts'
import { findUser, findUserByEmail } from '../users/user-store.ts'
import { assertNoWait, findPasskeySite, getPasskeySite, signedInSchema, signIn, toAccountNote } from './sign-in.ts'

const PURPOSE = 'second-factor'

const FACTORS = ['totp', 'passkey', 'recovery-code'] as const
type Factor = (typeof FACTORS)[number]

const secondSchema = z.strictObject({
  next: z.array(z.enum(FACTORS)).meta({ description: 'One of these is still needed: `POST /login/second`.' }),
  challenge: z.string().meta({ description: 'To be given back with it, within five minutes.' }),
  passkey: requestOptionsSchema.exactOptional(),
})
const challenge = z.string().max(200)
const code = z.string().min(1).max(100)

const answerSchema = z.discriminatedUnion('factor', [
  z.strictObject({ factor: z.literal('totp'), challenge, code }),
  z.strictObject({ factor: z.literal('recovery-code'), challenge, code }),
  z.strictObject({ factor: z.literal('passkey'), challenge, response: assertionSchema }),
])
type SecondAnswer = z.output<typeof answerSchema>

/** Nobody logs in with a password alone who has something better. */
function listFactors(asking: Asking, { hasTotp, passkeys, recoveryCodes }: User): Factor[] {
  if (!hasTotp && passkeys.length === 0) return []
  return [
    ...(passkeys.length > 0 && findPasskeySite(asking) !== undefined ? ['passkey' as const] : []),
    ...(hasTotp ? ['totp' as const] : []),
    ...(recoveryCodes > 0 ? ['recovery-code' as const] : []),
  ]
}

function hasSecondFactor({ hasTotp, passkeys }: User): boolean {
  return hasTotp || passkeys.length > 0
}

async function askForSecond(asking: Asking, doing: Doing, user: User): Promise<Done<z.input<typeof secondSchema>>> {
  const next = listFactors(asking, user)
  const site = next.includes('passkey') ? findPasskeySite(asking) : undefined
  const body = {
    next,
    challenge: await startChallenge(doing, { purpose: PURPOSE, user: user.uid }),
    ...(site !== undefined && { passkey: await askForPasskey(doing, site, { user: user.uid }) }),
  }
  return { body, notes: [] }
}

/** @rejects AdminProblem where a provider is the only way */
async function assertNotEnforced(db: Moment, { isBreakGlass }: User): Promise<void> {
  if (isBreakGlass || !(await isProviderEnforced(db))) return
  throw new AdminProblem(
    'login-refused',
    'Here people log in by the provider, and not with what they have of their own.',
  )
}

/** All that was asked for was right. */
async function finish(asking: Asking, doing: Doing, { user, by }: { readonly user: User; readonly by: string }) {
  await noteLogin(doing, { email: user.email, address: asking.address })
  return { ...(await signIn(asking, doing, user)), notes: [toAccountNote('log-in', user, { by })] }
}

/** It is still open. @rejects AdminProblem */
async function getAsked(db: Moment, secret: string, nowMs: number): Promise<User> {
  const found = await findChallenge(db, { secret, purpose: PURPOSE, nowMs })
  const user = found?.user === undefined ? undefined : await findUser(db, found.user)
  if (user?.state === 'active') return user
  throw new AdminProblem('login-refused', 'This login is too old, or is over: begin again with the password.')
}

async function isRight(asking: Asking, doing: Doing, { user, answer }: { user: User; answer: SecondAnswer }) {
  const { uid } = user
  switch (answer.factor) {
    case 'totp':
      return await useTotp(doing, getSecretKey(asking.services), { user: uid, code: answer.code })
    case 'recovery-code':
      return hasSecondFactor(user) && (await useRecoveryCode(doing, { user: uid, code: answer.code }))
    case 'passkey': {
      const given = { response: answer.response, user: uid }
      return (await checkPasskey(doing, getPasskeySite(asking), given)).kind === 'right'
    }
  }
}

/** What was used up stays so. */
function refuse(detail: string, user: User | undefined, by: string): Refused {
  const notes = user === undefined ? [] : [toAccountNote('refuse-log-in', user, { by })]
  return { problem: new AdminProblem('login-refused', detail), notes }
}

const logIn = defineChange({
  name: 'logIn',
  method: 'POST',
  path: '/login',
  summary: 'Begins a session, whose cookie is set; or says which second factor is still needed.',
  tag: 'account',
  access: { kind: 'anybody' },
  body: z.strictObject({ email: z.string().min(3).max(254), password: z.string().min(1).max(1000) }),
  answer: z.union([signedInSchema, secondSchema]),
  isSecret: true,
  async prepare({ services, address }, { body }) {
    const { store, nowMs } = services
    const attempt = { email: body.email, address }
    assertNoWait(await store.write((change) => admitLogin({ ...change, by: NOBODY, nowMs: nowMs() }, attempt)))
    return await isPasswordRight(body.password, await store.read((db) => findPasswordRecord(db, body.email)))
  },
  async change(asking, doing, { body, prepared: isPassword }) {
    const user = isPassword ? await findUserByEmail(doing.db, body.email) : undefined
    if (user === undefined || user.state !== 'active') {
      throw new AdminProblem('login-refused', 'The e-mail address or the password is wrong.')
    }
    await assertNotEnforced(doing.db, user)
    if (hasSecondFactor(user)) return await askForSecond(asking, doing, user)
    return await finish(asking, doing, { user, by: 'password' })
  },
})

const finishLogin = defineChange({
  name: 'finishLogin',
  method: 'POST',
  path: '/login/second',
  summary: 'Gives the second factor of a login that the password has begun. A session begins, whose cookie is set.',
  tag: 'account',
  access: { kind: 'anybody' },
  body: answerSchema,
  answer: signedInSchema,
  isSecret: true,
  // In a change of its own: an attempt counts also where this one is a dry run.
  async prepare({ services: { store, nowMs } }, { body }) {
    const wait = await store.write(async (change) => {
      const doing = { ...change, by: NOBODY, nowMs: nowMs() }
      return await admitCode(doing, (await getAsked(doing.db, body.challenge, doing.nowMs)).email)
    })
    assertNoWait(wait)
  },
  async change(asking, doing, { body: answer }) {
    const user = await getAsked(doing.db, answer.challenge, doing.nowMs)
    if (!(await isRight(asking, doing, { user, answer }))) {
      return refuse('This is not right, or was used before.', user, answer.factor)
    }
    await takeChallenge(doing, { secret: answer.challenge, purpose: PURPOSE })
    await noteCode(doing, user.email)
    return await finish(asking, doing, { user, by: answer.factor })
  },
})

const askForLoginPasskey = defineChange({
  name: 'askForLoginPasskey',
  method: 'POST',
  path: '/login/passkey/options',
  summary: 'What a page hands to the browser for a login by passkey alone.',
  tag: 'account',
  access: { kind: 'anybody' },
  answer: requestOptionsSchema,
  isSecret: true,
  async change(asking, doing) {
    const { address } = asking
    assertNoWait(await findChallengeWait(doing.db, { address, nowMs: doing.nowMs }))
    return { body: await askForPasskey(doing, getPasskeySite(asking), { address }), notes: [] }
  },
})

const logInByPasskey = defineChange({
  name: 'logInByPasskey',
  method: 'POST',
  path: '/login/passkey',
  summary: 'Begins a session with a passkey, which is both factors in one: the thing, and who unlocks it.',
  tag: 'account',
  access: { kind: 'anybody' },
  body: z.strictObject({ response: assertionSchema }),
  answer: signedInSchema,
  isSecret: true,
  async change(asking, doing, { body: { response } }) {
    const verdict = await checkPasskey(doing, getPasskeySite(asking), { response })
    if (verdict.kind === 'right') await assertNotEnforced(doing.db, verdict.user)
    if (verdict.kind === 'right') return await finish(asking, doing, { user: verdict.user, by: 'passkey' })
    asking.services.log.warn('a login by passkey was refused', { why: verdict.why, address: asking.address })
    return refuse('This passkey is not known here, or its answer came too late.', undefined, 'passkey')
  },
})

const logOut = defineChange({
  name: 'logOut',
  method: 'POST',
  path: '/logout',
  summary: 'Ends the session of the cookie.',
  tag: 'account',
  access: { kind: 'known' },
  async change(asking, doing) {
    const found = await findSession(doing.db, asking.sessionSecret ?? '', doing.nowMs)
    if (found !== undefined) await endSession(doing, { uid: found.session.uid, user: found.user.uid })
    return {
      body: undefined,
      headers: { 'set-cookie': toSessionCookie(asking, undefined) },
      notes: found === undefined ? [] : [toAccountNote('log-out', found.user)],
    }
  },
})

export const LOGIN_ROUTES: readonly Route[] = [logIn, finishLogin, askForLoginPasskey, logInByPasskey, logOut]
