/** Owns the file of the keys of secrets: one a line, the one that seals first, and behind it those that it came after. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { toKeyId } from './derive-key.ts'
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
  return changeKeys(file, (keys) => {
    if (keys === undefined) throw new SecretFault('key', `There is no key ${file} that another one could come after.`)
    if (keys.length > 1)
      throw new SecretFault(
        'key',
        `The file ${file} has a former key already: the change before this one is to be finished first.`,
      )
    return [randomBytes(BYTES), ...keys]
  })
}

/** `id`: of the one that stays. @throws SecretFault `key`; `wrong-key` where another one stands first by now */
export function forgetFormerKeys(file: string, id: string): KeyList {
  return changeKeys(file, (keys) => {
    const [first] = keys ?? []
    if (first !== undefined && toKeyId(first) === id) return [first]
    throw new SecretFault(
      'wrong-key',
      `The first key in ${file} is no longer ${id}: somebody has changed it meanwhile.`,
    )
  })
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
    flushFolder(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  const drawn = readKeys(file)
  if (drawn === undefined) throw new SecretFault('key', `The key ${file} was taken away while it was made.`)
  return drawn
}

/** Whole or not at all, and one change at a time: of two at once, the later would lose what the other has drawn. */
function changeKeys(file: string, change: (keys: KeyList | undefined) => KeyList): KeyList {
  const next = `${file}.next`
  return withWords(file, () => {
    takeTurn(next)
    try {
      const keys = change(readKeys(file))
      writeFileSync(next, toText(keys), { mode: 0o600, flush: true })
      renameSync(next, file)
      flushFolder(file)
      return keys
    } catch (error) {
      rmSync(next, { force: true })
      throw error
    }
  })
}

/** @throws SecretFault `key` while another one has it */
function takeTurn(next: string): void {
  try {
    writeFileSync(next, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new SecretFault(
      'key',
      `There is ${next} already: the key is being changed by somebody else. If nobody is at it, that was stopped: remove it, and repeat this.`,
    )
  }
}

/** Answers its path. */
function writeBeside(file: string, keys: readonly Buffer[]): string {
  const beside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(beside, toText(keys), { flag: 'wx', mode: 0o600, flush: true })
    return beside
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

function toText(keys: readonly Buffer[]): string {
  return keys.map((key) => `${key.toString('base64')}\n`).join('')
}

/** A store on another machine may be sealed with the key before this disk has written down that it is there. */
function flushFolder(file: string): void {
  try {
    const folder = openSync(dirname(file), 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch {
    // Not every system does that with a folder.
  }
}
