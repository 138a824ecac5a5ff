/** Owns the apps that count: which they are, and how people tell whether they changed and whether two gateways have the same. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type App, toContentHash } from '@gatewright/model/runtime'
import type { CredentialsDescriptor } from '../state/credentials/credentials-index.ts'

export class PublishedApps {
  readonly #index: (apps: readonly App[]) => CredentialsDescriptor
  #apps: readonly App[] = []
  #descriptor: CredentialsDescriptor | undefined
  #version = 0
  #hash: string | undefined

  /** `index`: makes their keys and users known. */
  constructor(index: (apps: readonly App[]) => CredentialsDescriptor) {
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

  replace(apps: readonly App[]): CredentialsDescriptor {
    const isSame = apps.length === this.#apps.length && apps.every((app, index) => isSameApp(app, this.#apps[index]))
    this.#apps = apps
    if (isSame && this.#descriptor !== undefined) return this.#descriptor
    this.#version++
    this.#hash = undefined
    this.#descriptor = this.#index(apps)
    return this.#descriptor
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
