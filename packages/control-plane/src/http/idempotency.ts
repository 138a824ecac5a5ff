/**
 * Owns that a request which is sent again with the same `Idempotency-Key` does nothing again and is answered as the first one was.
 * The answer is kept in the change that it tells of, so a client that lost the connection may always repeat.
 */
import type { Doing } from '../store/doing.ts'
import { AdminProblem } from './admin-problem.ts'
import type { Asked } from './read-request.ts'
import type { Answer } from './route.ts'

/** Clients that give up later than that have other troubles. */
const KEPT_MS = 24 * 60 * 60 * 1000

export interface KeptAnswer {
  readonly status: number
  readonly body: unknown
  readonly version: number | undefined
  /** It was shown once, and was not kept. */
  readonly isSecret: boolean
}

interface Repeatable extends Pick<Asked, 'idempotencyKey'> {
  /** What is kept of it first. */
  readonly fingerprints: readonly [string, ...string[]]
}

/** The answer of the first, where this is not the first. @rejects AdminProblem */
export async function findRepeat(
  { db, by, nowMs }: Doing,
  { idempotencyKey, fingerprints }: Repeatable,
): Promise<Answer<unknown> | undefined> {
  if (idempotencyKey === undefined) return undefined
  const row = await db
    .selectFrom('kept_answers')
    .selectAll()
    .where('actor', '=', by)
    .where('key', '=', idempotencyKey)
    .where('at', '>', nowMs - KEPT_MS)
    .executeTakeFirst()
  if (row === undefined) return undefined
  if (!fingerprints.includes(row.fingerprint)) {
    throw new AdminProblem('key-used-otherwise', 'Take a new Idempotency-Key for each request that is another one.')
  }
  const { status, body, version, isSecret } = JSON.parse(row.answer) as KeptAnswer
  if (isSecret) {
    throw new AdminProblem(
      'already-done',
      'This was done when the key came first. If its answer was lost, end what it made and make another.',
    )
  }
  return { status, body, ...(version !== undefined && { version }), headers: { 'idempotency-replayed': 'true' } }
}

export async function keepAnswer(
  { db, by, nowMs }: Doing,
  { idempotencyKey, fingerprints }: Repeatable,
  answer: KeptAnswer,
): Promise<void> {
  if (idempotencyKey === undefined) return
  await db
    .deleteFrom('kept_answers')
    .where('at', '<=', nowMs - KEPT_MS)
    .execute()
  await db
    .insertInto('kept_answers')
    .values({
      actor: by,
      key: idempotencyKey,
      fingerprint: fingerprints[0],
      answer: JSON.stringify(answer),
      at: nowMs,
    })
    .execute()
}
