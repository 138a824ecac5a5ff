/** Owns the indexes by which what is live is followed: what changed since a number, whatever there is beside. */
import type { Migration } from './migration.ts'

export const m0009LiveChanges: Migration = {
  name: '0009-live-changes',
  async up(db) {
    await db.schema.createIndex('resources_by_sequence').on('resources').columns(['kind', 'sequence']).execute()
    await db.schema.createIndex('resource_versions_by_sequence').on('resource_versions').column('sequence').execute()
    await db.schema.createIndex('deployments_by_sequence').on('deployments').column('sequence').execute()
  },
}
