/** Owns taking away indexes that others are the same as: each change wrote both. */
import type { Migration } from './migration.ts'

export const m0041OneIndexEach: Migration = {
  name: '0041-one-index-each',
  async up(db) {
    // Those of 0007 stay: resources_by_change, resource_versions_by_change, deployments_by_change.
    for (const table of ['resources', 'resource_versions', 'deployments']) {
      await db.schema.dropIndex(`${table}_by_sequence`).execute()
    }
  },
}
