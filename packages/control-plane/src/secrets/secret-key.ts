/** Owns the key that is kept outside the store: who has a copy of the store, and not this, has no secret. */
import { hkdfSync, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { SecretFault } from './secret-fault.ts'

const VARIABLE = 'GATEWRIGHT_SECRET_KEY'
const BYTES = 32
const ID_BYTES = 8
/** Read, write or run, for the group or for everybody. */
const OTHERS = 0o077

export interface SecretKeyPlace {
  /** Drawn there where there is none. */
  readonly file?: string
  /** Where `GATEWRIGHT_SECRET_KEY` is set, it is the key, and no file is looked at. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export class SecretKey {
  /** Tells it from others, and says nothing of it. */
  readonly id: string
  readonly #bytes: Buffer

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.id = this.#derive('id', ID_BYTES).toString('hex')
  }

  /** @throws SecretFault `key` */
  static open({ file, env = process.env }: SecretKeyPlace): SecretKey {
    const given = env[VARIABLE]
    if (given !== undefined) return new SecretKey(parse(given, `The variable ${VARIABLE}`))
    if (file === undefined) {
      throw new SecretFault('key', `There is no key for secrets: name a file, or set ${VARIABLE}.`)
    }
    return new SecretKey(readOrDraw(file))
  }

  /** For what seals the key of the data, and for nothing else. */
  revealWrappingKey(): Buffer {
    return this.#derive('wrap', BYTES)
  }

  /** For what the process beside the control plane keeps on disk; `purpose`: another one for each. */
  revealKeyFor(purpose: string): Buffer {
    return this.#derive(`for ${purpose}`, BYTES)
  }

  // RFC 5869: keys for different purposes say nothing of each other.
  #derive(purpose: string, bytes: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, '', `gatewright secrets ${purpose}`, bytes))
  }
}

function readOrDraw(file: string): Buffer {
  try {
    return read(file) ?? draw(file)
  } catch (cause) {
    if (cause instanceof SecretFault) throw cause
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new SecretFault('key', `The key ${file} cannot be made or read: ${said}`, { cause })
  }
}

/** Undefined: there is none. */
function read(file: string): Buffer | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // Windows has no such modes.
  if (process.platform !== 'win32' && (stat.mode & OTHERS) !== 0) {
    throw new SecretFault('key', `Others may read the key ${file}: chmod 600 it, and change it if somebody has.`)
  }
  return parse(readFileSync(file, 'utf8'), `The file ${file}`)
}

function parse(text: string, place: string): Buffer {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, 'base64')
  if (bytes.length === BYTES && bytes.toString('base64') === trimmed) return bytes
  const message = `${place} holds no key: it is 32 random bytes in base64 (openssl rand -base64 32). Restore it: what was sealed with it opens with no other.`
  throw new SecretFault('key', message)
}

/** Whole or not at all: written beside, then linked. Whoever draws at the same time finds it drawn. */
function draw(file: string): Buffer {
  const beside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(beside, `${randomBytes(BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true })
    linkSync(beside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  const drawn = read(file)
  if (drawn === undefined) throw new SecretFault('key', `The key ${file} was taken away while it was made.`)
  return drawn
}
