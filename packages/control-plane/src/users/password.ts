/** Owns people's passwords: which are good enough, and whether one is right. Both take their time, so neither belongs inside a change of the store. */
import { randomUUID } from 'node:crypto'
import { hashPassword, verifyPassword } from '@gatewright/policies'
import type { Moment } from '../store/store.ts'
import { MOST_USED_PASSWORDS } from './most-used-passwords.ts'
import { foldEmail, UserFault } from './user.ts'

/** NIST SP 800-63B-4 §3.1.1.2 asks for 15 where a password stands alone and 8 beside a second factor, and to take at least 64. */
const LEAST_LETTERS = 12
const MOST_LETTERS = 256
/** "abababababab" has twelve letters as well. */
const LEAST_DIFFERENT = 5

interface Person {
  readonly email: string
  readonly name: string
}

/** For `createUser` and `setPassword`. @rejects UserFault `weak-password` */
export async function hashNewPassword(password: string, person: Person): Promise<string> {
  assertPassword(password, person)
  return await hashPassword(toComparable(password))
}

/** @throws UserFault `weak-password` */
export function assertPassword(password: string, { email, name }: Person): void {
  const letters = [...password].length
  if (letters < LEAST_LETTERS || letters > MOST_LETTERS) {
    throw weak(
      `A password has between ${LEAST_LETTERS} and ${MOST_LETTERS} letters: a few words that nobody else would choose.`,
    )
  }
  const folded = toBare(password)
  const [local = ''] = foldEmail(email).split('@')
  const own = [email, local, name].map(toBare).filter((text) => text !== '')
  // Written twice, or with a year behind it, it is no better.
  const rest = own.reduce((text, each) => text.replaceAll(each, ''), folded)
  if (own.includes(folded) || (rest !== folded && rest.replace(/\d/g, '') === '')) {
    throw weak('This password is the name or the e-mail address: take another one.')
  }
  if (MOST_USED_PASSWORDS.has(folded) || new Set(folded).size < LEAST_DIFFERENT) {
    throw weak('This password is among the first that are tried: take another one.')
  }
}

/** What a password is compared with; nobody outside is shown it. */
export interface PasswordRecord {
  readonly hash: string | undefined
}

/** Of nobody: what there is to compare takes as long as for somebody. */
export async function findPasswordRecord(db: Moment, email: string): Promise<PasswordRecord> {
  const row = await db
    .selectFrom('users')
    .select('password_hash')
    .where('email_folded', '=', foldEmail(email))
    .where('state', '=', 'active')
    .executeTakeFirst()
  return { hash: row?.password_hash ?? undefined }
}

/** Takes the same time whether there is such a person or not. @rejects Problem `verifier-unavailable` where too many are being checked */
export async function isPasswordRight(password: string, { hash }: PasswordRecord): Promise<boolean> {
  // What is too long was never taken, and costs nobody its hashing.
  const text = [...password.slice(0, 2 * MOST_LETTERS)].length > MOST_LETTERS ? '' : toComparable(password)
  if (hash !== undefined) return await verifyPassword(text, hash)
  await verifyPassword(text, await getDecoy())
  return false
}

let decoy: Promise<string> | undefined

function getDecoy(): Promise<string> {
  decoy ??= hashPassword(randomUUID())
  return decoy
}

/** The same letters come as different octets from different keyboards (NIST SP 800-63B-4 §3.1.1.2). */
function toComparable(password: string): string {
  return password.normalize('NFKC')
}

/** Letters and digits alone, in lower case. */
function toBare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

function weak(message: string): UserFault {
  return new UserFault('weak-password', message)
}
