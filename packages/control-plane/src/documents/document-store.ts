/** Owns documents: each is kept once, under the hash of its content, however many revisions have it. */
import { toTextHash } from '@gatewright/model'
import { inParts } from '../store/in-parts.ts'
import type { Moment } from '../store/store.ts'

/** Gives its hash. One that is there already is as if it were new: somebody is about to name it. */
export async function keepDocument(db: Moment, content: string): Promise<string> {
  const hash = toTextHash(content)
  await db
    .insertInto('documents')
    .values({ hash, content })
    .onConflict((conflict) => conflict.column('hash').doUpdateSet({ unnamed_at: null }))
    .execute()
  return hash
}

/** Hash → content, of those that are there. */
export async function findDocuments(db: Moment, hashes: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const some of inParts(hashes)) {
    const rows = await db.selectFrom('documents').select(['hash', 'content']).where('hash', 'in', some).execute()
    for (const { hash, content } of rows) found.set(hash, content)
  }
  return found
}
