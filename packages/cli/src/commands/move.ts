/** Owns `gatewright move`. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { moveStore } from '@gatewright/control-plane'
import { defineCommand } from '../command.ts'
import { FORCE_OPTION, onStore, tellAudit, toMovePlace } from '../store-place.ts'

export const move = defineCommand({
  name: 'move',
  description:
    'From a folder to PostgreSQL or back, while no control plane runs on either; all of it or nothing. Nodes notice nothing. The store at the old place stays as it was: run no control plane on it any more.',
  options: {
    from: { type: 'text', value: 'DIR|URL', description: 'A folder with control.db, or postgres://… of a database.' },
    to: { type: 'text', value: 'DIR|URL', description: 'A folder or a database, of the same form.' },
    force: FORCE_OPTION,
  },
  example: {
    line: 'gatewright move --from /var/lib/gatewright --to postgres://gatewright@db/gatewright',
    says: 'Then start control planes with --database, and with the same key for secrets.',
  },

  async run({ values: { from, to, force } }, terminal) {
    const [source, target] = [toMovePlace('--from', from, terminal), toMovePlace('--to', to, terminal)]
    return await onStore(terminal, async () => {
      if (!target.includes('://')) mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
      const { rows, sequence, audit } = await moveStore(source, target, { force })
      terminal.print(`Moved ${rows} rows, up to change ${sequence}.`)
      return tellAudit(audit, terminal)
    })
  },
})
