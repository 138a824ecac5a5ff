/** Owns the apps that count: which they are, and how people tell whether they changed and whether two gateways have the same. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type App, toContentHash } from '@gatewright/model/runtime'

export class PublishedApps {
  readonly #index: (apps: readonly App[]) => void
  #apps: readonly App[] = []
  #version = 0
  #hash: string | undefined

  /** `index`: makes their keys and users known. */
  constructor(index: (apps: readonly App[]) => void) {
    this.#index = index
  }

  /** Counts how often apps, keys or users changed since the start; the first are 1. */
  get version(): number {
    return this.#version
  }

  /** The same for the same apps, whatever gateway has them. Made when somebody asks: it takes a second for a million keys. */
  get hash(): string {
    this.#hash ??= toHash(this.#apps)
    return this.#hash
  }

  replace(apps: readonly App[]): void {
    const isSame = apps.length === this.#apps.length && apps.every((app, index) => isSameApp(app, this.#apps[index]))
    // Where they cannot be made known, they are not those that count: the next time they are tried again.
    if (!isSame || this.#version === 0) {
      this.#index(apps)
      this.#version++
      this.#hash = undefined
    }
    this.#apps = apps
  }
}

/** One that did not change is mostly the same object. */
function isSameApp(app: App, other: App | undefined): boolean {
  return app === other || isDeepStrictEqual(app, other)
}

function toHash(apps: readonly App[]): string {
  const hash = createHash('sha256')
  for (const app of apps) hash.update(`${toContentHash(app)}\n`)
  return hash.digest('hex')
}
