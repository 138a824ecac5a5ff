/**
 * Owns leases as files: each has a number, and whoever makes the next number first has it.
 *
 *   order-x.7   { holder, expiresAtMs }     the highest number counts
 *
 * A lease that ran out is never taken over in place, where two that found it so would both write; the next number is made
 * by exclusive creation, which one of them wins. The holder puts off its end while it still has it, by a rename, and
 * no more once it ran out: then it may be another's. The highest number is never removed, so that nobody who comes late
 * with an old listing can make a number that was there before without seeing, afterwards, that there is a higher one.
 */
import { randomUUID } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AcmeLease } from './acme-storage.ts'

interface LeaseFile {
  readonly holder: string
  readonly expiresAtMs: number
}

const MODE = 0o600

export class FileLeases {
  readonly #folder: string
  readonly #now: () => number

  constructor(folder: string, now: () => number) {
    this.#folder = folder
    this.#now = now
  }

  async acquire(name: string, ttlMs: number): Promise<AcmeLease | undefined> {
    const numbers = await this.#list(name)
    const last = numbers.at(-1) ?? 0
    if (last > 0 && (await this.#findEnd(this.#path(name, last), ttlMs)) > this.#now()) return undefined
    const number = last + 1
    const held: LeaseFile = { holder: randomUUID(), expiresAtMs: this.#now() + ttlMs }
    try {
      await writeFile(this.#path(name, number), JSON.stringify(held), { flag: 'wx', mode: MODE, flush: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
      throw error
    }
    const now = await this.#list(name)
    if (now.at(-1) !== number) {
      await rm(this.#path(name, number), { force: true })
      return undefined
    }
    for (const old of now.slice(0, -1)) await rm(this.#path(name, old), { force: true })
    return this.#toLease(name, number, { ...held, ttlMs })
  }

  #toLease(name: string, number: number, { holder, expiresAtMs, ttlMs }: LeaseFile & { ttlMs: number }): AcmeLease {
    const path = this.#path(name, number)
    let endsAtMs = expiresAtMs
    const write = async (untilMs: number): Promise<void> => {
      const beside = join(this.#folder, `${randomUUID()}.tmp`)
      await writeFile(beside, JSON.stringify({ holder, expiresAtMs: untilMs }), { mode: MODE, flush: true })
      await rename(beside, path)
    }
    const has = async (): Promise<boolean> => this.#now() < endsAtMs && (await this.#list(name)).at(-1) === number
    return {
      renew: async () => {
        if (!(await has())) return false
        endsAtMs = this.#now() + ttlMs
        await write(endsAtMs)
        return has()
      },
      release: async () => {
        if (!(await has())) return
        endsAtMs = 0
        await write(0)
      },
    }
  }

  /** Half a lease, of somebody who was killed while making it, ends like a whole one. */
  async #findEnd(path: string, ttlMs: number): Promise<number> {
    try {
      const { expiresAtMs } = JSON.parse(await readFile(path, 'utf8')) as Partial<LeaseFile>
      if (typeof expiresAtMs === 'number') return expiresAtMs
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return 0
      if (code !== undefined) throw error
    }
    const found = await stat(path).catch(() => undefined)
    return found === undefined ? 0 : found.mtimeMs + ttlMs
  }

  /** Lowest first. */
  async #list(name: string): Promise<number[]> {
    const prefix = `${name}.`
    const files = await readdir(this.#folder)
    return files
      .filter((file) => file.startsWith(prefix) && /^\d+$/.test(file.slice(prefix.length)))
      .map((file) => Number(file.slice(prefix.length)))
      .sort((a, b) => a - b)
  }

  #path(name: string, number: number): string {
    return join(this.#folder, `${name}.${number}`)
  }
}
