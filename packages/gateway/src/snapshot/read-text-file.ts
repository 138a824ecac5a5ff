/** Owns the reading of a text from disk: of regular files, of a size that a text can have; nothing else is waited for. */
import { closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs'

/** The largest OpenAPI documents that anybody publishes have about 40 MB; what is larger is something else, and would fill the memory. */
export const TEXT_BYTES_MAX = 64 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024

/** What is there, and is no text. */
export class TextFault extends Error {
  readonly suggestion: string

  constructor(message: string, { suggestion }: { suggestion: string }) {
    super(message)
    this.suggestion = suggestion
  }
}

/** @throws TextFault, or what the system says */
export function readTextFile(path: string): string {
  const facts = statSync(path)
  if (!facts.isFile()) {
    throw new TextFault(`it is ${toKind(facts)}, and no file`, { suggestion: 'Write a regular file.' })
  }
  return readBytes(path, facts.size).toString('utf8')
}

/** There is nothing at the path, and not: it cannot be read. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function toKind(facts: Stats): string {
  if (facts.isDirectory()) return 'a folder'
  return facts.isFIFO() ? 'a pipe' : facts.isSocket() ? 'a socket' : 'a device'
}

function readBytes(path: string, sizeBytes: number): Buffer {
  checkSize(sizeBytes)
  // A pipe that took the file's place a moment ago would be waited for; Windows has no such flag, and no such pipes.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const chunks: Buffer[] = []
    let total = 0
    // It may have grown, and some file systems do not tell sizes: its end is where nothing more comes.
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(sizeBytes - total, CHUNK_BYTES))
      const read = readSync(descriptor, chunk)
      if (read === 0) return Buffer.concat(chunks, total)
      chunks.push(chunk.subarray(0, read))
      total += read
      checkSize(total)
    }
  } finally {
    closeSync(descriptor)
  }
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes <= TEXT_BYTES_MAX) return
  const message = `it has more than ${TEXT_BYTES_MAX / 1024 / 1024} MiB`
  throw new TextFault(message, { suggestion: 'Divide it into the files of a folder, or name another.' })
}
