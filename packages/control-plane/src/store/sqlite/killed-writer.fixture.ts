/** Owns a process that changes a store and says what was acknowledged, until it is killed. Its argument is the file. */
import { appendToAudit } from '../../audit/audit-log.ts'
import { createResource } from '../../resources/resource-store.ts'
import { SqliteStore } from './sqlite-store.ts'

const store = await SqliteStore.open({
  file: process.argv[2] ?? '',
  access: 'alone',
  onFault(fault) {
    throw fault
  },
})
for (;;) {
  const made = await store.write(async (change) => {
    const doing = { ...change, by: 'system', nowMs: Date.now() }
    const resource = await createResource(doing, { kind: 'api', team: 'main', id: `n${change.sequence}` }, {})
    const { uid: target, kind, team } = resource
    await appendToAudit(doing, { action: 'create', kind, target, team, details: null })
    return resource
  })
  process.stdout.write(`${made.id}\n`)
}
