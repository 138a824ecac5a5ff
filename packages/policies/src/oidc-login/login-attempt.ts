/** Owns one login under way: what only the browser that began it can bring back. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { CookieSeal } from './cookie-seal.ts'

/** Version of what is sealed. */
const VERSION = 2
/** 256 bits: RFC 6749 §10.10 wants guesses below 2^-128, RFC 7636 §7.1 a verifier of 256 bits. */
const RANDOM_BYTES = 32
const ID = /^[0-9a-z]{7}[\w-]{11}$/

export interface LoginAttempt {
  readonly version: typeof VERSION
  /** Its id, a point, and 256 random bits. */
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Absolute. The answer has to come to the same place. */
  readonly redirectUri: string
  /** A path of the same origin, with its query. */
  readonly returnTo: string
  readonly beganAtMs: number
  readonly untilMs: number
}

export function createLoginAttempt(
  given: Pick<LoginAttempt, 'redirectUri' | 'returnTo'>,
  nowMs: number,
  seconds: number,
): LoginAttempt {
  // Seven digits of base 36 last until 4453, so that ids sort by their age.
  const id =
    Math.floor(nowMs / 1000)
      .toString(36)
      .padStart(7, '0') + random(8)
  return {
    version: VERSION,
    state: `${id}.${random(RANDOM_BYTES)}`,
    nonce: random(RANDOM_BYTES),
    verifier: random(RANDOM_BYTES),
    ...given,
    beganAtMs: nowMs,
    untilMs: nowMs + seconds * 1000,
  }
}

/** The id of the login that a `state` belongs to. */
export function findAttemptId(state: string): string | undefined {
  const id = state.slice(0, state.indexOf('.'))
  return ID.test(id) ? id : undefined
}

/** What a cookie says of the login with this `state`; undefined: nothing that counts. */
export async function openLoginAttempt(
  seal: CookieSeal,
  sealed: string,
  { state, nowMs }: { readonly state: string; readonly nowMs: number },
): Promise<LoginAttempt | undefined> {
  const opened = (await seal.open(sealed)) as LoginAttempt | undefined
  if (opened?.version !== VERSION || opened.untilMs <= nowMs) return undefined
  return timingSafeEqual(toDigest(opened.state), toDigest(state)) ? opened : undefined
}

function toDigest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
