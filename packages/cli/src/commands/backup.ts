/** Owns `gatewright backup`. */
import { backUpStore } from '@gatewright/control-plane'
import { defineCommand, UsageError } from '../command.ts'
import { toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { onStore, STORE_OPTIONS, toStorePlace } from '../store-place.ts'

export const backup = defineCommand({
  name: 'backup',
  description:
    'The store as it stands at one moment, also while control planes run on it. The file is the same for both kinds of stores. Secrets are in it as they are kept: sealed. Keep the key that opens them (secret.key, or GATEWRIGHT_SECRET_KEY) at another place.',
  options: {
    ...STORE_OPTIONS,
    to: { type: 'text', value: 'FILE', description: 'It must not be there yet.' },
  },
  example: {
    line: 'gatewright backup --data /var/lib/gatewright --to control-2026-01-31.backup',
    says: 'gatewright restore brings it back.',
  },

  async run({ values }, terminal) {
    const { to } = values
    if (to === undefined) throw new UsageError('say where it is to be written: --to FILE')
    const place = toStorePlace(values, terminal)
    return await onStore(terminal, async () => {
      const { rows, sequence } = await backUpStore(place, toPath(to, terminal), Date.now())
      terminal.print(`Wrote ${to}: ${rows} rows, up to change ${sequence}.`)
      return EXIT_CODES.ok
    })
  },
})
