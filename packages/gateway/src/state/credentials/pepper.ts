/** Owns the pepper: a secret of this gateway without which the slow hashes of weak keys are nothing to try. */
import { createHmac, hash, randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashWeakKeySync, isWeakKey, parsePepper } from '@gatewright/policies'
import { makeFolder } from '../../snapshot/make-folder.ts'

const VARIABLE = 'GATEWRIGHT_PEPPER'
const FILE = 'pepper'
const BYTES = 32
/** So that a configuration that is read again costs nothing. */
const MOST_REMEMBERED = 10_000

/** It is no mistake of the configuration, nor of ours: the message says what to do. */
export class PepperFault extends Error {}

export interface PepperPlace {
  readonly dataDir?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Looked for when it is first needed: in the environment, else in the data folder, where one is drawn if there is none. Without
 * a data folder it lasts as long as the process, as all does that is hashed with it.
 */
export class Pepper {
  readonly #place: PepperPlace
  readonly #hashes = new Map<string, string>()
  #bytes: Buffer | undefined

  constructor(place: PepperPlace = {}) {
    this.#place = place
  }

  /** @throws PepperFault where it cannot be read, or is too short to be one */
  get(): Buffer {
    this.#bytes ??= this.#read()
    return this.#bytes
  }

  /** As `Key.hash` has it: plain for what nobody guesses, else slow. The same key is hashed once. */
  readonly hashKey = (key: string): string => {
    if (!isWeakKey(key)) return hash('sha256', key)
    const fingerprint = createHmac('sha256', this.get()).update(key).digest('base64')
    let slow = this.#hashes.get(fingerprint)
    if (slow === undefined) {
      slow = `argon2id:${hashWeakKeySync(key, this.get()).toString('hex')}`
      if (this.#hashes.size >= MOST_REMEMBERED) this.#hashes.clear()
      this.#hashes.set(fingerprint, slow)
    }
    return slow
  }

  #read(): Buffer {
    const { dataDir, env = process.env } = this.#place
    const given = env[VARIABLE]
    if (given !== undefined) {
      const pepper = parsePepper(given)
      if (pepper !== undefined) return pepper
      throw new PepperFault(`${VARIABLE} has fewer than 32 characters: draw it at random (openssl rand -base64 32)`)
    }
    return dataDir === undefined ? randomBytes(BYTES) : readOrDraw(dataDir)
  }
}

/** Of those who read configurations and keep nothing: what is hashed with it is looked up in the same process. */
export const PROCESS_PEPPER = new Pepper()

function readOrDraw(dataDir: string): Buffer {
  const path = join(dataDir, FILE)
  try {
    makeFolder(dataDir, 0o700)
    return read(path) ?? draw(path)
  } catch (cause) {
    if (cause instanceof PepperFault) throw cause
    throw new PepperFault(`${path} cannot be made or read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

/** undefined: there is none. */
function read(path: string): Buffer | undefined {
  if (!existsSync(path)) return undefined
  const bytes = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
  if (bytes.length === BYTES) return bytes
  throw new PepperFault(`${path} is damaged: restore it, or remove it, and weak keys are hashed anew`)
}

/** Whole or not at all, whenever the disk is full or the power goes: written beside, then linked. Whoever draws at the same time finds it drawn. */
function draw(path: string): Buffer {
  const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    writeFileSync(beside, `${randomBytes(BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true })
    linkSync(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  const drawn = read(path)
  if (drawn === undefined) throw new PepperFault(`${path} was taken away while it was read`)
  return drawn
}
