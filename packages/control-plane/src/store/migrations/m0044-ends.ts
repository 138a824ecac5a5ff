/** Owns finding what ends by when it does: of the certificates that are there, it is read now. */
import { X509Certificate } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Migration } from './migration.ts'

interface OldTables {
  resources: { uid: string; kind: string; body: string; ends: number | null }
}

export const m0044Ends: Migration = {
  name: '0044-ends',
  async up(db) {
    await db.schema.alterTable('resources').addColumn('ends', 'bigint').execute()
    const table = db as unknown as Transaction<OldTables>
    const rows = await table.selectFrom('resources').select(['uid', 'body']).where('kind', '=', 'certificate').execute()
    for (const { uid, body } of rows) {
      const ends = findEnd(body)
      if (ends === undefined) continue
      await table.updateTable('resources').set({ ends }).where('uid', '=', uid).execute()
    }
  },
}

/** One that cannot be read has none, as one that gateways order themselves. */
function findEnd(body: string): number | undefined {
  try {
    return new X509Certificate(JSON.parse(body).cert).validToDate.getTime()
  } catch {
    return undefined
  }
}
