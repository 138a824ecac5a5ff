/** Owns the file of the keys of secrets: one a line, the one that seals first, and behind it those that it came after. */
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { SecretFault } from './secret-fault.ts'

const BYTES = 32
/** Read, write or run, for the group or for everybody. */
const OTHERS = 0o077

export type KeyList = readonly [Buffer, ...Buffer[]]

/** Between them stands a space or a line end. @throws SecretFault `key` */
export function parseKeys(text: string, place: string): KeyList {
  const [first, ...former] = text.trim().split(/\s+/)
  return [parseKey(first ?? '', place), ...former.map((each) => parseKey(each, place))]
}

function parseKey(text: string, place: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === BYTES && bytes.toString('base64') === text) return bytes
  const message = `${place} holds no key: it is 32 random bytes in base64 (openssl rand -base64 32). Restore it: what was sealed with it opens with no other.`
  throw new SecretFault('key', message)
}

/** Drawn where there is none. @throws SecretFault `key` */
export function readOrDrawKeys(file: string): KeyList {
  return withWords(file, () => readKeys(file) ?? drawFirst(file))
}

/** Another key before the one that is there, which opens on what it has sealed. @throws SecretFault `key` */
export function drawNextKey(file: string): KeyList {
  return withWords(file, () => {
    const former = readKeys(file)
    if (former === undefined) throw new SecretFault('key', `There is no key ${file} that another one could come after.`)
    if (former.length > 1)
      throw new SecretFault(
        'key',
        `The file ${file} has a former key already: the change before this one is to be finished first.`,
      )
    return replaceKeys(file, [randomBytes(BYTES), ...former])
  })
}

/** @throws SecretFault `key` */
export function forgetFormerKeys(file: string): KeyList {
  return withWords(file, () => replaceKeys(file, readOrDrawKeys(file).slice(0, 1)))
}

function withWords<Result>(file: string, act: () => Result): Result {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof SecretFault) throw cause
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new SecretFault('key', `The key ${file} cannot be made or read: ${said}`, { cause })
  }
}

/** Undefined: there is none. */
function readKeys(file: string): KeyList | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // Windows has no such modes.
  if (process.platform !== 'win32' && (stat.mode & OTHERS) !== 0) {
    throw new SecretFault('key', `Others may read the key ${file}: chmod 600 it, and change it if somebody has.`)
  }
  return parseKeys(readFileSync(file, 'utf8'), `The file ${file}`)
}

/** Whole or not at all: written beside, then linked. Whoever draws at the same time finds it drawn. */
function drawFirst(file: string): KeyList {
  const beside = writeBeside(file, [randomBytes(BYTES)])
  try {
    linkSync(beside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  const drawn = readKeys(file)
  if (drawn === undefined) throw new SecretFault('key', `The key ${file} was taken away while it was made.`)
  return drawn
}

/** Whole or not at all: a key that is half written would open nothing. */
function replaceKeys(file: string, keys: readonly Buffer[]): KeyList {
  renameSync(writeBeside(file, keys), file)
  return readOrDrawKeys(file)
}

/** Answers its path. */
function writeBeside(file: string, keys: readonly Buffer[]): string {
  const beside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const text = keys.map((key) => `${key.toString('base64')}\n`).join('')
    writeFileSync(beside, text, { flag: 'wx', mode: 0o600, flush: true })
    return beside
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}
