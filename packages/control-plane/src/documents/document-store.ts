/** Owns documents: each is kept once, under the hash of its content, however many revisions have it. */
import { createHash } from 'node:crypto'
import type { Moment } from '../store/store.ts'

/** Gives its hash. */
export async function keepDocument(db: Moment, content: string): Promise<string> {
  const hash = createHash('sha256').update(content).digest('hex')
  await db
    .insertInto('documents')
    .values({ hash, content })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute()
  return hash
}

/** Databases bound how many values one question has. */
const HASHES_AT_ONCE = 500

/** Hash → content, of those that are there. */
export async function findDocuments(db: Moment, hashes: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let at = 0; at < hashes.length; at += HASHES_AT_ONCE) {
    const some = hashes.slice(at, at + HASHES_AT_ONCE)
    const rows = await db.selectFrom('documents').selectAll().where('hash', 'in', some).execute()
    for (const { hash, content } of rows) found.set(hash, content)
  }
  return found
}
