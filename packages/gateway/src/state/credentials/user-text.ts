/** Owns what the credentials index keeps of a user beside the app: the hash of the password and the plan, as one text. */
import type { User } from '@gatewright/model'
import { toPlanText } from './plan-text.ts'

/** A hash holds no line feed. */
const BETWEEN = '\n'

export function toUserText(user: Pick<User, 'passwordHash' | 'plan' | 'plans'>): string {
  const { passwordHash } = user
  const plan = toPlanText(user)
  return plan === undefined ? passwordHash : passwordHash + BETWEEN + plan
}

/** `plan`: of which API, is in its own text. */
export function parseUserText(text: string): { readonly passwordHash: string; readonly plan: string | undefined } {
  const end = text.indexOf(BETWEEN)
  if (end < 0) return { passwordHash: text, plan: undefined }
  return { passwordHash: text.slice(0, end), plan: text.slice(end + 1) }
}
