/** Owns the passkeys of people (Web Authentication): offering, keeping, asking for and checking them. */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { sql } from 'kysely'
import { startChallenge, takeChallenge } from '../challenges/challenge-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { dropRecoveryCodes } from '../two-factor/recovery-codes.ts'
import { toUser, type User } from '../users/user.ts'
import { getUser } from '../users/user-store.ts'
import type { Passkey } from './passkey.ts'

/** When the first one is made or asked for: it takes 28 MB, which a control plane without passkeys need not have. */
const loadLibrary = () => import('@simplewebauthn/server')

/** For whom passkeys are made: they work nowhere else. */
export interface PasskeySite {
  /** A domain: that of the pages, or one above it. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** Of the pages: `https://console.example.com`. */
  readonly origins: readonly string[]
}

/** `why` is for the log: whoever asked is told no more than that it did not work. The change is to be kept: the challenge is used up. */
export type PasskeyVerdict =
  | { readonly kind: 'right'; readonly user: User; readonly passkey: Passkey }
  | { readonly kind: 'wrong'; readonly why: string }

const REGISTRATION = 'passkey-registration'
const LOGIN = 'passkey-login'
const TIMEOUT_MS = 300_000
/** https://www.iana.org/assignments/cose: EdDSA, ES256, RS256; what every authenticator has one of. */
const ALGORITHMS = [-8, -7, -257]
const MOST_PASSKEYS = 20
const MOST_NAME_LETTERS = 100

/** What a page hands to the browser to make one. @rejects UserFault `not-found` */
export async function offerPasskey(
  doing: Doing,
  site: PasskeySite,
  user: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { email, name } = await getUser(doing.db, user)
  const challenge = await startChallenge(doing, { purpose: REGISTRATION, user })
  const { generateRegistrationOptions } = await loadLibrary()
  return await generateRegistrationOptions({
    rpName: site.name,
    rpID: site.id,
    userID: new TextEncoder().encode(user),
    userName: email,
    userDisplayName: name,
    challenge: toOctets(challenge),
    timeout: TIMEOUT_MS,
    supportedAlgorithmIDs: ALGORITHMS,
    // Who made the authenticator is nobody's business here.
    attestationType: 'none',
    excludeCredentials: (await readPasskeys(doing.db, user)).map(toDescriptor),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

/** What the browser made of it. `name`: for people. */
export async function addPasskey(
  doing: Doing,
  site: PasskeySite,
  given: { readonly user: string; readonly name: string; readonly response: RegistrationResponseJSON },
): Promise<PasskeyVerdict> {
  const { user, response } = given
  const challenge = await takeAnswered(doing, REGISTRATION, response.response.clientDataJSON)
  if (challenge?.user !== user) return { kind: 'wrong', why: 'this challenge is none, too old, or was answered' }
  const { verifyRegistrationResponse } = await loadLibrary()
  const verified = await attempt(() =>
    verifyRegistrationResponse({
      response,
      ...toExpected(site, challenge.secret),
      supportedAlgorithmIDs: ALGORITHMS,
      requireUserVerification: true,
    }),
  )
  if ('why' in verified) return verified
  const { registrationInfo } = verified.value
  if (registrationInfo === undefined) return { kind: 'wrong', why: 'it does not verify' }
  const { id, publicKey, counter, transports = [] } = registrationInfo.credential
  const passkeys = await readPasskeys(doing.db, user)
  if (passkeys.length >= MOST_PASSKEYS) return { kind: 'wrong', why: `nobody has more than ${MOST_PASSKEYS}` }
  // https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential: registered for no other user.
  if (await isTaken(doing.db, id)) return { kind: 'wrong', why: 'this passkey is known already' }
  const passkey: Passkey = {
    id,
    name: given.name.trim().slice(0, MOST_NAME_LETTERS) || 'Passkey',
    publicKey: Buffer.from(publicKey).toString('base64url'),
    counter,
    transports,
    createdAtMs: doing.nowMs,
  }
  return { kind: 'right', user: await setPasskeys(doing, user, [...passkeys, passkey]), passkey }
}

/** What a page hands to the browser to log in: of this person, or of whoever has one for this site and asks from that address. */
export async function askForPasskey(
  doing: Doing,
  site: PasskeySite,
  whom: { readonly user: string } | { readonly address: string },
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const challenge = await startChallenge(doing, { purpose: LOGIN, ...whom })
  const allowed = 'user' in whom ? (await readPasskeys(doing.db, whom.user)).map(toDescriptor) : undefined
  const { generateAuthenticationOptions } = await loadLibrary()
  return await generateAuthenticationOptions({
    rpID: site.id,
    challenge: toOctets(challenge),
    timeout: TIMEOUT_MS,
    userVerification: 'required',
    ...(allowed !== undefined && { allowCredentials: allowed }),
  })
}

/** What the browser signed: who it is. `user`: who it has to be, where that is known. */
export async function checkPasskey(
  doing: Doing,
  site: PasskeySite,
  { response, user }: { readonly response: AuthenticationResponseJSON; readonly user?: string },
): Promise<PasskeyVerdict> {
  const challenge = await takeAnswered(doing, LOGIN, response.response.clientDataJSON)
  if (challenge === undefined || challenge.user !== user) {
    return { kind: 'wrong', why: 'this challenge is none, too old, or was answered' }
  }
  const uid = user ?? Buffer.from(response.response.userHandle ?? '', 'base64url').toString()
  const row = await doing.db
    .selectFrom('users')
    .selectAll()
    .where('uid', '=', uid)
    .where('state', '=', 'active')
    .executeTakeFirst()
  const passkeys = row === undefined ? [] : (JSON.parse(row.passkeys) as readonly Passkey[])
  const passkey = passkeys.find(({ id }) => id === response.id)
  if (passkey === undefined) return { kind: 'wrong', why: 'nobody active has this passkey' }
  const { id, counter } = passkey
  const credential = { id, counter, publicKey: toOctets(passkey.publicKey) }
  const { verifyAuthenticationResponse } = await loadLibrary()
  const verified = await attempt(() =>
    verifyAuthenticationResponse({
      response,
      ...toExpected(site, challenge.secret),
      requireUserVerification: true,
      credential,
    }),
  )
  if ('why' in verified) return verified
  if (!verified.value.verified) return { kind: 'wrong', why: 'its signature is wrong' }
  const used = { ...passkey, counter: verified.value.authenticationInfo.newCounter, lastUsedAtMs: doing.nowMs }
  const next = passkeys.map((each) => (each.id === id ? used : each))
  return { kind: 'right', user: await setPasskeys(doing, uid, next), passkey: used }
}

/** Recovery codes go with the last one, where there is no other second factor. Gives whether there was one. */
export async function removePasskey(
  doing: Doing,
  { user, id }: { readonly user: string; readonly id: string },
): Promise<boolean> {
  const passkeys = await readPasskeys(doing.db, user)
  const rest = passkeys.filter((each) => each.id !== id)
  if (rest.length === passkeys.length) return false
  const { hasTotp } = await setPasskeys(doing, user, rest)
  if (rest.length === 0 && !hasTotp) await dropRecoveryCodes(doing, user)
  return true
}

/** The challenge that the browser says it has answered; it is used up by that. */
async function takeAnswered(
  doing: Doing,
  purpose: string,
  clientData: string,
): Promise<{ readonly secret: string; readonly user: string | undefined } | undefined> {
  const parsed = await attempt(async () => JSON.parse(Buffer.from(clientData, 'base64url').toString()) as unknown)
  if ('why' in parsed || typeof parsed.value !== 'object' || parsed.value === null) return undefined
  const { challenge: secret } = parsed.value as { readonly challenge?: unknown }
  if (typeof secret !== 'string') return undefined
  const challenge = await takeChallenge(doing, { secret, purpose })
  return challenge && { secret, user: challenge.user }
}

/** The library throws where something is wrong: thrown on, that would undo the change, and with it that the challenge is used up. */
async function attempt<Value>(
  act: () => Promise<Value>,
): Promise<{ readonly value: Value } | { readonly kind: 'wrong'; readonly why: string }> {
  try {
    return { value: await act() }
  } catch (fault) {
    return { kind: 'wrong', why: fault instanceof Error ? fault.message : String(fault) }
  }
}

function toExpected({ id, origins }: PasskeySite, expectedChallenge: string) {
  return { expectedChallenge, expectedOrigin: [...origins], expectedRPID: id }
}

function toDescriptor({ id, transports }: Passkey) {
  return { id, transports: [...transports] }
}

function toOctets(base64url: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64url, 'base64url'))
}

async function isTaken(db: Moment, id: string): Promise<boolean> {
  const pattern = `%"${id.replaceAll('_', '\\_')}"%`
  const rows = await db
    .selectFrom('users')
    .select('passkeys')
    .where(sql<boolean>`passkeys like ${pattern} escape '\\'`)
    .execute()
  return rows.some(({ passkeys }) => (JSON.parse(passkeys) as readonly Passkey[]).some((each) => each.id === id))
}

async function readPasskeys(db: Moment, user: string): Promise<readonly Passkey[]> {
  const row = await db.selectFrom('users').select('passkeys').where('uid', '=', user).executeTakeFirst()
  return row === undefined ? [] : (JSON.parse(row.passkeys) as readonly Passkey[])
}

async function setPasskeys({ db, sequence }: Doing, user: string, passkeys: readonly Passkey[]): Promise<User> {
  const row = await db
    .updateTable('users')
    .set({ passkeys: JSON.stringify(passkeys), sequence })
    .where('uid', '=', user)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toUser(row)
}
