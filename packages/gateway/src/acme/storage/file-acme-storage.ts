/** Owns ACME's storage as files in a folder, which several processes may share; their clocks have to agree within seconds. */
import { createHash, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../snapshot/make-folder.ts'
import type {
  AcmeLease,
  AcmeStorage,
  StoredAccount,
  StoredCertificate,
  StoredChallenge,
  StoredFailure,
} from './acme-storage.ts'
import { FileLeases } from './file-leases.ts'

/** Keys are in it. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** What a killed writer left. No write takes so long. */
const STALE_MS = 10 * 60_000

const FOLDERS = ['accounts', 'certificates', 'failures', 'challenges', 'leases'] as const
type Folder = (typeof FOLDERS)[number]

export class FileAcmeStorage implements AcmeStorage {
  readonly folder: string
  readonly #now: () => number
  readonly #leases: FileLeases

  constructor(folder: string, now: () => number) {
    this.folder = folder
    this.#now = now
    this.#leases = new FileLeases(join(folder, 'leases'), now)
  }

  /** Makes the folders where there are none. @throws with the path */
  async open(): Promise<void> {
    makeFolder(this.folder, FOLDER_MODE)
    for (const name of FOLDERS) {
      const path = join(this.folder, name)
      await mkdir(path, { recursive: true, mode: FOLDER_MODE })
      await chmod(path, FOLDER_MODE)
      await this.#sweep(path)
    }
  }

  findAccount(name: string): Promise<StoredAccount | undefined> {
    return this.#find('accounts', name)
  }

  saveAccount(name: string, account: StoredAccount): Promise<void> {
    return this.#save('accounts', name, account)
  }

  findCertificate(name: string): Promise<StoredCertificate | undefined> {
    return this.#find('certificates', name)
  }

  saveCertificate(name: string, certificate: StoredCertificate): Promise<void> {
    return this.#save('certificates', name, certificate)
  }

  findFailure(name: string): Promise<StoredFailure | undefined> {
    return this.#find('failures', name)
  }

  async saveFailure(name: string, failure: StoredFailure | undefined): Promise<void> {
    if (failure === undefined) await rm(this.#path('failures', name), { force: true })
    else await this.#save('failures', name, failure)
  }

  putChallenge(name: string, challenge: StoredChallenge): Promise<void> {
    return this.#save('challenges', name, challenge)
  }

  removeChallenge(name: string): Promise<void> {
    return rm(this.#path('challenges', name), { force: true })
  }

  async listChallenges(): Promise<readonly StoredChallenge[]> {
    const folder = join(this.folder, 'challenges')
    const found: StoredChallenge[] = []
    for (const file of await readdir(folder)) {
      if (!file.endsWith('.json')) continue
      const path = join(folder, file)
      const challenge = await readWhole<StoredChallenge>(path)
      if (challenge === undefined) continue
      if (challenge.expiresAtMs > this.#now()) found.push(challenge)
      // Whoever put it did not live to take it away.
      else await rm(path, { force: true })
    }
    return found
  }

  acquire(name: string, ttlMs: number): Promise<AcmeLease | undefined> {
    return this.#leases.acquire(toFileName(name), ttlMs)
  }

  #path(folder: Folder, name: string): string {
    return join(this.folder, folder, `${toFileName(name)}.json`)
  }

  #find<Value>(folder: Folder, name: string): Promise<Value | undefined> {
    return readWhole<Value>(this.#path(folder, name))
  }

  /** Written beside, brought to the disk, then renamed: the old one or the new one is there, whatever happens. */
  async #save(folder: Folder, name: string, value: unknown): Promise<void> {
    const path = this.#path(folder, name)
    const beside = `${path}.${randomUUID()}.tmp`
    try {
      const file = await open(beside, 'wx', FILE_MODE)
      try {
        await file.writeFile(JSON.stringify(value))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, path)
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => {})
      throw new Error(`${path} cannot be written: ${(cause as Error).message}`, { cause })
    }
    await syncFolder(join(this.folder, folder))
  }

  async #sweep(path: string): Promise<void> {
    for (const file of await readdir(path)) {
      if (!file.endsWith('.tmp')) continue
      const found = await stat(join(path, file)).catch(() => undefined)
      if (found !== undefined && this.#now() - found.mtimeMs > STALE_MS) await rm(join(path, file), { force: true })
    }
  }
}

/** undefined: there is none. @throws it is damaged, or cannot be read */
async function readWhole<Value>(path: string): Promise<Value | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  try {
    return JSON.parse(text) as Value
  } catch (cause) {
    throw new Error(`${path} is damaged: remove it, and it is made anew`, { cause })
  }
}

/** A rename is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    // Some systems open no folders; there the rename has to do.
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** To be read by people, and yet no two names the same, on systems that know no case either. */
function toFileName(name: string): string {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '_')
    .slice(0, 40)
  return `${readable}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
}
