/** Owns the codes on paper: for who has lost the phone. Each is good once. */
import { randomInt } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'

const CODES = 10
/** Crockford's base 32 without what looks alike: 16 of them are 80 bits, so a plain hash of them is enough. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const DIGITS_PER_CODE = 16
const GROUP = /.{4}(?=.)/g

/** In place of those before. They are shown once. */
export async function drawRecoveryCodes(doing: Doing, user: string): Promise<readonly string[]> {
  const codes = Array.from({ length: CODES }, drawCode)
  await setHashes(doing, user, codes.map(hashOf))
  return codes
}

/** As it was typed, with or without dashes. Whoever asks has counted the attempt before (`admitCode`). */
export async function useRecoveryCode(
  doing: Doing,
  { user, code }: { readonly user: string; readonly code: string },
): Promise<boolean> {
  const hashes = await readHashes(doing.db, user)
  const rest = hashes.filter((hash) => hash !== hashOf(code))
  if (rest.length === hashes.length) return false
  await setHashes(doing, user, rest)
  return true
}

/** For who has no second factor any more. */
export async function dropRecoveryCodes(doing: Doing, user: string): Promise<void> {
  await setHashes(doing, user, [])
}

async function readHashes(db: Moment, user: string): Promise<readonly string[]> {
  const row = await db.selectFrom('users').select('recovery_codes').where('uid', '=', user).executeTakeFirst()
  return row === undefined ? [] : (JSON.parse(row.recovery_codes) as readonly string[])
}

async function setHashes({ db, sequence }: Doing, user: string, hashes: readonly string[]): Promise<void> {
  await db
    .updateTable('users')
    .set({ recovery_codes: JSON.stringify(hashes), sequence })
    .where('uid', '=', user)
    .execute()
}

function drawCode(): string {
  const digits = Array.from({ length: DIGITS_PER_CODE }, () => DIGITS[randomInt(DIGITS.length)]).join('')
  return digits.replace(GROUP, '$&-')
}

/** What people take one letter for is another. */
function hashOf(code: string): string {
  const digits = code.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1')
  return toTextHash(digits)
}
