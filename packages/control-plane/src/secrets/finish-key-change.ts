/** Owns the end of a change of the key of secrets: former keys go once nothing is sealed with them. */
import { assertThere, openDoor } from '../store/copy/copy-door.ts'
import { forgetFormerKeys } from './key-file.ts'
import { SecretFault } from './secret-fault.ts'
import { SecretKey } from './secret-key.ts'

/** `database`: the path of a file, or `postgres://…`; control planes may run on it. Answers the id of the key that stays. @rejects SecretFault, CopyFault, StoreRefusal */
export async function finishKeyChange(file: string, database: string): Promise<string> {
  assertThere(database)
  const { id } = SecretKey.open({ file, env: {} })
  const sealedWith = await findSealingKey(database)
  if (sealedWith !== id) {
    // Where nothing is, a control plane that was not restarted would begin with the former one.
    const now =
      sealedWith === undefined
        ? 'Nothing of this store is sealed'
        : `The secrets of this store are sealed with the key ${sealedWith}`
    throw new SecretFault(
      'wrong-key',
      `${now}, and not yet with ${id}: restart its control planes, and run "gatewright secret-key use" first.`,
    )
  }
  forgetFormerKeys(file, id)
  return id
}

/** Undefined: nothing was ever sealed. */
async function findSealingKey(database: string): Promise<string | undefined> {
  const door = await openDoor(database, 'read')
  try {
    return await door.read(async (db) => {
      const row = await db
        .withTables<{ data_keys: { key_id: string } }>()
        .selectFrom('data_keys')
        .select('key_id')
        .executeTakeFirst()
      return row?.key_id
    })
  } finally {
    await door.close()
  }
}
