/** Owns taking away what was sent with changes that have ended: it was kept for ever, sealed or not. */
import type { Transaction } from 'kysely'
import type { Migration } from './migration.ts'

interface ChangeTables {
  changes: { api: string; environment: string; number: number; state: string; wish: string }
}

interface Wish {
  readonly sealed?: unknown
  readonly input: { readonly body?: unknown; readonly source?: unknown }
}

export const m0042EndedChanges: Migration = {
  name: '0042-ended-changes',
  async up(db) {
    const table = db as Transaction<unknown> as unknown as Transaction<ChangeTables>
    const ended = await table
      .selectFrom('changes')
      .select(['environment', 'number', 'wish'])
      .where('api', '=', '')
      .where('state', '<>', 'waiting')
      .execute()
    for (const { environment, number, wish } of ended) {
      const { sealed: _, input, ...rest } = JSON.parse(wish) as Wish
      const { body: __, source: ___, ...kept } = input
      await table
        .updateTable('changes')
        .set({ wish: JSON.stringify({ ...rest, fingerprint: '', input: kept }) })
        .where('api', '=', '')
        .where('environment', '=', environment)
        .where('number', '=', number)
        .execute()
    }
  },
}
