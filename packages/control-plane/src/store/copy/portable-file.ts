/**
 * Owns the file of a backup, the same for both kinds of stores: gzip of lines of JSON.
 *
 *     {"gatewright":"backup","format":1,"createdAtMs":…,"sequence":…,"uid":…,"migrations":[…]}
 *     {"table":"resources","columns":["uid",…]}
 *     ["…",…]
 *     {"end":{"rows":{"resources":1},"sha256":"…"}}
 *
 * The last line has the number of rows of each table, and the hash of all lines before it: a file that ends sooner is no backup.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { CopyFault } from './copy-fault.ts'
import { FORMAT, type ImageLines, LineReader } from './line-reader.ts'
import type { Row, StoreImage } from './store-image.ts'

const MODE = 0o600

export interface Written {
  readonly rows: number
  readonly sequence: number
}

/** It is there as a whole or not at all. @rejects CopyFault `taken`, the system's errors, and what reading the image rejects with */
export async function writeBackup(image: StoreImage, file: string, nowMs: number): Promise<Written> {
  assertFree(file)
  const beside = `${file}.${process.pid}.part`
  const counts = new Map<string, number>()
  try {
    const writing = createWriteStream(beside, { flags: 'wx', mode: MODE, flush: true })
    await pipeline(Readable.from(toLines(image, counts, nowMs)), createGzip(), writing)
    assertFree(file)
    await rename(beside, file)
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') await rm(beside, { force: true })
    throw fault
  }
  await flushFolder(dirname(file))
  return { rows: [...counts.values()].reduce((sum, count) => sum + count, 0), sequence: image.head.sequence }
}

/** Its rows come as they are read; only when all of them came is it known that the file is whole. @rejects CopyFault, the system's errors; so do its pages */
export async function readBackup(file: string): Promise<ImageLines> {
  return await LineReader.open(readLines(file), file)
}

function assertFree(file: string): void {
  if (existsSync(file)) throw new CopyFault('taken', `${file} is there already: name another file, or remove it first`)
}

async function* toLines(
  { head, pages }: StoreImage,
  counts: Map<string, number>,
  createdAtMs: number,
): AsyncGenerator<string> {
  const sha256 = createHash('sha256')
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`
    sha256.update(text)
    return text
  }
  yield line({ gatewright: 'backup', format: FORMAT, createdAtMs, ...head })
  let columns: readonly string[] = []
  for await (const { table, rows } of pages) {
    if (!counts.has(table)) {
      columns = Object.keys(rows[0] ?? {})
      yield line({ table, columns })
    }
    counts.set(table, (counts.get(table) ?? 0) + rows.length)
    yield rows.map((row: Row) => line(columns.map((column) => row[column]))).join('')
  }
  yield `${JSON.stringify({ end: { rows: Object.fromEntries(counts), sha256: sha256.digest('hex') } })}\n`
}

/** Without their line feeds: in JSON none stands within. @rejects CopyFault, the system's errors */
async function* readLines(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun: string[] = []
  const reading = createReadStream(file)
  const gunzip = createGunzip()
  try {
    reading.on('error', (fault) => gunzip.destroy(fault))
    for await (const bytes of reading.pipe(gunzip) as AsyncIterable<Buffer>) {
      const [first = '', ...others] = decoder.decode(bytes, { stream: true }).split('\n')
      begun.push(first)
      for (const other of others) {
        yield begun.join('')
        begun = [other]
      }
    }
  } catch (fault) {
    throw toFault(fault, file)
  } finally {
    reading.destroy()
  }
  if (begun.join('') !== '') throw new CopyFault('torn', `${file} ends in the middle of a line: its end is missing`)
}

function toFault(fault: unknown, file: string): unknown {
  const { code, message } = fault as NodeJS.ErrnoException
  const cause = { cause: fault }
  if (/incorrect header check|unknown compression/.test(message)) {
    return new CopyFault('foreign', `${file} is no backup of Gatewright: gatewright backup makes them`, cause)
  }
  if (code?.startsWith('Z_') === true || code?.startsWith('ERR_ENCODING') === true) {
    return new CopyFault('torn', `${file} is not whole: ${message}; take another backup`, cause)
  }
  return fault
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
