/** Owns the reading of a text from disk: of regular files, of a size that a text can have, in UTF-8; nothing else is waited for or repaired. */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, openSync, readSync, type Stats, statSync } from 'node:fs'

/** The largest OpenAPI documents that anybody publishes have about 40 MB; what is larger is something else, and would fill the memory. */
export const TEXT_BYTES_MAX = 64 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024
const LINE_FEED = 0x0a
const REPLACEMENT = Buffer.from('\uFFFD')

/** What is there, and is no text. */
export class TextFault extends Error {
  readonly suggestion: string
  /** 0: of the whole file. */
  readonly line: number
  readonly column: number

  constructor(
    message: string,
    { suggestion, line = 0, column = 0 }: { suggestion: string; line?: number; column?: number },
  ) {
    super(message)
    this.suggestion = suggestion
    this.line = line
    this.column = column
  }
}

/** @throws TextFault, or what the system says */
export function readTextFile(path: string): string {
  const facts = statSync(path)
  if (!facts.isFile()) {
    throw new TextFault(`it is ${toKind(facts)}, and no file`, { suggestion: 'Write a regular file.' })
  }
  const bytes = readBytes(path, facts.size)
  if (!isUtf8(bytes)) {
    const { line, column } = findNoUtf8(bytes)
    const message = `it is no UTF-8 at line ${line}, column ${column}`
    throw new TextFault(message, { suggestion: 'Save it as UTF-8.', line, column })
  }
  return bytes.toString('utf8')
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

/** No character's bytes hold a line feed, so that lines can be judged one by one. */
function findNoUtf8(bytes: Buffer): { line: number; column: number } {
  let line = 1
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(LINE_FEED, start)
    const piece = bytes.subarray(start, end === -1 ? bytes.length : end)
    if (!isUtf8(piece) || end === -1) return { line, column: findRepaired(piece) + 1 }
    start = end + 1
  }
}

/** Where Node would put the replacement character, but for those that stand there themselves. */
function findRepaired(bytes: Buffer): number {
  const text = bytes.toString('utf8')
  let byte = 0
  for (let from = 0; ; ) {
    const at = text.indexOf('\uFFFD', from)
    if (at === -1) return 0
    byte += Buffer.byteLength(text.slice(from, at))
    if (!bytes.subarray(byte, byte + REPLACEMENT.length).equals(REPLACEMENT)) return at
    byte += REPLACEMENT.length
    from = at + 1
  }
}
