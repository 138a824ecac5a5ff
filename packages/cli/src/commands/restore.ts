/** Owns `gatewright restore`. */
import { mkdirSync } from 'node:fs'
import { restoreStore } from '@gatewright/control-plane'
import { defineCommand } from '../command.ts'
import { toPath } from '../configuration.ts'
import { FORCE_OPTION, onStore, STORE_OPTIONS, tellAudit, toStorePlace } from '../store-place.ts'

export const restore = defineCommand({
  name: 'restore',
  description:
    'Into a folder or a database on which no control plane runs, of either kind; all of it or, where the file is not whole, nothing. Nodes then take everything anew. What was ended after the backup, such as keys and tokens, is valid again.',
  positionals: [{ name: 'FILE', description: 'Of gatewright backup, of this version or an earlier one.' }],
  options: { ...STORE_OPTIONS, force: FORCE_OPTION },
  example: {
    line: 'gatewright restore control-2026-01-31.backup --data /var/lib/gatewright',
    says: 'Put secret.key there too, then start the control plane.',
  },

  async run({ values, positionals: [file = ''] }, terminal) {
    const place = toStorePlace(values, terminal)
    const { data, force } = values
    return await onStore(terminal, async () => {
      if (data !== undefined) mkdirSync(toPath(data, terminal), { recursive: true, mode: 0o700 })
      const { rows, sequence, audit, createdAtMs } = await restoreStore(toPath(file, terminal), place, { force })
      const made = new Date(createdAtMs).toISOString()
      terminal.print(`Restored ${rows} rows, up to change ${sequence}, as they were at ${made}.`)
      return tellAudit(audit, terminal)
    })
  },
})
