/** Owns `gatewright secret-key`: the key that is kept outside the store is changed for another one. */
import { join } from 'node:path'
import { drawNextKey, finishKeyChange, SecretFault, SecretKey } from '@gatewright/control-plane'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { pickNamed } from '../pick-action.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { onStore, toStorePlace } from '../store-place.ts'
import type { Terminal } from '../terminal.ts'

const OPTIONS = {
  ...SERVER_OPTIONS,
  data: { type: 'text', value: 'DIR', description: 'draw and forget: the folder that has secret.key.' },
  database: {
    type: 'text',
    value: 'URL',
    description: 'forget: postgres://… of the database, where the store is not in that folder.',
  },
} as const

type SecretKeyValues = Values<typeof OPTIONS>

const ACTIONS: Readonly<Record<string, (values: SecretKeyValues, terminal: Terminal) => Promise<number>>> = {
  draw,
  use,
  forget,
}

export const secretKey = defineCommand({
  name: 'secret-key',
  description:
    'In three steps, each of which may be repeated. draw puts a new key before the one in secret.key: restart the control planes, with the same file. use has the control plane seal everything anew with it. forget takes the former key out of the file, once the store is sealed with the new one: restart again. Where the key stands in GATEWRIGHT_SECRET_KEY, write "NEW FORMER" there instead of draw, and "NEW" instead of forget.',
  positionals: [{ name: 'ACTION', description: 'draw, use or forget.' }],
  options: OPTIONS,
  example: {
    line: 'gatewright secret-key draw --data /var/lib/gatewright',
    says: 'Then restart the control plane, and go on with use and forget.',
  },

  async run({ values, positionals: [name = ''] }, terminal) {
    const action = pickNamed(ACTIONS, name)
    try {
      return await action(values as SecretKeyValues, terminal)
    } catch (fault) {
      if (!(fault instanceof SecretFault)) throw fault
      terminal.complain(fault.message)
      return EXIT_CODES.faults
    }
  },
})

async function draw(values: SecretKeyValues, terminal: Terminal): Promise<number> {
  const file = toKeyFile(values, terminal)
  drawNextKey(file)
  terminal.print(
    `${file} has the new key ${SecretKey.open({ file, env: {} }).id}, and the former one behind it. Keep a copy, restart the control planes, and run \`gatewright secret-key use\`.`,
  )
  return EXIT_CODES.ok
}

async function use(values: SecretKeyValues, terminal: Terminal): Promise<number> {
  return await onServer(values, terminal, async ({ client }) => {
    const { key } = (await client.ask('rotateSecrets', {})).body
    terminal.print(`Everything is sealed with the key ${key}. The former one may go: \`gatewright secret-key forget\`.`)
    return EXIT_CODES.ok
  })
}

async function forget(values: SecretKeyValues, terminal: Terminal): Promise<number> {
  const file = toKeyFile(values, terminal)
  const { data, database } = values
  const place = toStorePlace({ data: database === undefined ? data : undefined, database }, terminal)
  return await onStore(terminal, async () => {
    const id = await finishKeyChange(file, place)
    terminal.print(`${file} has the key ${id} alone. Restart the control planes: they know the former one until then.`)
    return EXIT_CODES.ok
  })
}

/** @throws UsageError */
function toKeyFile({ data }: SecretKeyValues, terminal: Terminal): string {
  if (data === undefined) throw new UsageError('name the folder that has secret.key: --data DIR')
  return join(toPath(data, terminal), 'secret.key')
}
