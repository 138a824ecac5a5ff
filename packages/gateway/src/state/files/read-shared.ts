/** Owns the reading of a file of any kind into memory that threads share, and what it is told apart by. */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** Databases that are sold have up to some hundreds of MB; what is larger is something else, and would fill the memory. */
const FILE_BYTES_MAX = 1024 * 1024 * 1024
const CHUNK_BYTES = 8 * 1024 * 1024

export interface FileRead {
  readonly stamp: string
  readonly bytes: SharedArrayBuffer
}

/** Undefined: nothing is there that could be looked at. */
export async function findStamp(path: string): Promise<string | undefined> {
  return await stat(path, { bigint: true }).then(toStamp, () => undefined)
}

/** Undefined: it has the stamp that is known already. @throws what the system says, and where it is nothing that can be used */
export async function readShared(path: string, known: string | undefined): Promise<FileRead | undefined> {
  const file = await open(path)
  try {
    const { stamp, sizeBytes } = await look(file)
    if (stamp === known) return undefined
    const bytes = new SharedArrayBuffer(sizeBytes)
    const isWhole = await fill(file, bytes)
    // Half of an old file and half of a new one would be neither.
    if (!isWhole || (await look(file)).stamp !== stamp) throw new Error('it was written while it was read')
    return { stamp, bytes }
  } finally {
    await file.close()
  }
}

/** One that was renamed into the place of another has another inode, whatever its size and time. */
function toStamp({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}:${size}:${mtimeNs}`
}

async function look(file: FileHandle): Promise<{ stamp: string; sizeBytes: number }> {
  const facts = await file.stat({ bigint: true })
  if (!facts.isFile()) throw new Error('it is no regular file')
  if (facts.size > FILE_BYTES_MAX) throw new Error(`it has more than ${FILE_BYTES_MAX / 1024 / 1024} MiB`)
  return { stamp: toStamp(facts), sizeBytes: Number(facts.size) }
}

/** Is it there to its last byte? */
async function fill(file: FileHandle, bytes: SharedArrayBuffer): Promise<boolean> {
  for (let at = 0; at < bytes.byteLength; ) {
    const piece = new Uint8Array(bytes, at, Math.min(CHUNK_BYTES, bytes.byteLength - at))
    const { bytesRead } = await file.read(piece, 0, piece.length, at)
    if (bytesRead === 0) return false
    at += bytesRead
  }
  return true
}
