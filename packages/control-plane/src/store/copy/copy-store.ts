/** Owns backing up, restoring and moving a store as a whole. Databases are paths of files, or `postgres://…`. */
import { toStoreFault } from '../postgres/postgres-faults.ts'
import { assertThere, type CopyAccess, type CopyDoor, openDoor } from './copy-door.ts'
import { CopyFault } from './copy-fault.ts'
import { type Filled, fillStore } from './fill-store.ts'
import { readBackup, type Written, writeBackup } from './portable-file.ts'
import { readImage } from './read-image.ts'

/** One moment of the store, while control planes run on it. @rejects CopyFault, StoreFault, StoreRefusal, the system's errors */
export async function backUpStore(database: string, file: string, nowMs: number): Promise<Written> {
  assertThere(database)
  return await through(database, 'read', (door) =>
    door.read(async (db) => await writeBackup(await readImage(db, door.kind), file, nowMs)),
  )
}

export interface Restored extends Filled {
  /** When the backup was made. */
  readonly createdAtMs: number
}

/** All of it or nothing. @rejects CopyFault, StoreFault, StoreRefusal, the system's errors */
export async function restoreStore(
  file: string,
  database: string,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Restored> {
  const image = await readBackup(file)
  try {
    const filled = await through(database, 'alone', ({ kind, write }) =>
      write((db) => fillStore(db, image, { kind, force, uid: 'new' })),
    )
    return { ...filled, createdAtMs: image.head.createdAtMs }
  } finally {
    await image.close()
  }
}

/** The source stays as it is. @rejects CopyFault, StoreFault, StoreRefusal */
export async function moveStore(
  from: string,
  to: string,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Filled> {
  if (from === to) throw new CopyFault('taken', 'a store cannot be moved to where it is: name another place')
  assertThere(from)
  return await through(from, 'alone', (source) =>
    through(to, 'alone', ({ kind, write }) =>
      source.read(async (moment) => {
        const image = await readImage(moment, source.kind)
        return await write((db) => fillStore(db, image, { kind, force, uid: 'kept' }))
      }),
    ),
  )
}

async function through<Result>(
  database: string,
  access: CopyAccess,
  act: (door: CopyDoor) => Promise<Result>,
): Promise<Result> {
  try {
    const door = await openDoor(database, access)
    try {
      return await act(door)
    } finally {
      await door.close()
    }
  } catch (fault) {
    throw toStoreFault(fault)
  }
}
