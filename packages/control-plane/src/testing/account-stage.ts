/** Owns an admin API for tests on which people really log in, with browsers that keep their session. */
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import { TOTP } from 'otpauth'
import { Identity } from '../http/identity.ts'
import { SoftAuthenticator } from '../passkeys/soft-authenticator.fixture.ts'
import type { Store } from '../store/store.ts'
import { openSetUp } from '../users/set-up.ts'
import { AdminStage, ORIGIN, type Told } from './admin-stage.ts'

export const ANN = { email: 'ann@example.com', name: 'Ann', password: 'correct horse battery' }
/** Of nobody who has logged in. */
export const NOBODY: Told = { as: '' }

/** Where nobody has an account yet, and the secret of the link. */
export async function beginAccounts(store: Store): Promise<{ readonly stage: AdminStage; readonly secret: string }> {
  const stage: AdminStage = new AdminStage(store, {
    identify: (db, credentials) => identity.identify(db, credentials),
  })
  const identity = new Identity(store, () => stage.nowMs)
  const secret = await store.write((change) => openSetUp({ ...change, by: 'system', nowMs: stage.nowMs }))
  return { stage, secret: secret ?? '' }
}

/** With the first account, and a browser in which it is logged in. */
export async function signUp(store: Store): Promise<{ readonly stage: AdminStage; readonly browser: Told }> {
  const { stage, secret } = await beginAccounts(store)
  const done = await stage.ask('POST /set-up', { as: '', body: { ...ANN, secret } })
  assert.equal(done.statusCode, 201, done.body)
  return { stage, browser: toBrowser(done) }
}

/** The browser that got this answer. */
export function toBrowser(answer: LightMyRequestResponse): Told {
  assert.ok(answer.statusCode < 300, answer.body)
  const cookie = String(answer.headers['set-cookie']).split(';')[0] ?? ''
  return { as: '', headers: { cookie, 'x-csrf-token': answer.json().csrfToken } }
}

/** As the app on a phone shows it. */
export function toTotpCode(secret: string, nowMs: number): string {
  return new TOTP({ secret }).generate({ timestamp: nowMs })
}

export function createAuthenticator(): SoftAuthenticator {
  return new SoftAuthenticator({ origin: ORIGIN, site: new URL(ORIGIN).hostname })
}

/** Adds a passkey to who is logged in there. */
export async function addPasskey(stage: AdminStage, browser: Told): Promise<SoftAuthenticator> {
  const authenticator = createAuthenticator()
  const options = (await stage.ask('POST /me/passkeys/options', browser)).json()
  const response = authenticator.register(options.challenge)
  const added = await stage.ask('POST /me/passkeys', { ...browser, body: { name: 'Laptop', response } })
  assert.equal(added.statusCode, 201, added.body)
  return authenticator
}
