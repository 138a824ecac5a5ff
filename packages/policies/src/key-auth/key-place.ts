/** Owns where in a request a key stands: finding it, and taking it out without touching the rest. */
import type { GatewayRequest } from '../messages/request.ts'
import { findParameter, withoutParameter } from '../messages/search.ts'

export interface KeyPlace {
  /** For people: `the header field X-Api-Key`. */
  readonly words: string
  /** The key, `TWO_KEYS` when two different ones are there, undefined when none is. */
  find(request: GatewayRequest): string | undefined
  remove(request: GatewayRequest): void
}

/** What `find` answers when a request says two things; no key holds a line feed. */
export const TWO_KEYS = '\n'

export function createKeyPlace(where: 'header' | 'query' | 'cookie', name: string): KeyPlace {
  switch (where) {
    case 'header':
      return new HeaderPlace(name)
    case 'query':
      return new QueryPlace(name)
    case 'cookie':
      return new CookiePlace(name)
  }
}

class HeaderPlace implements KeyPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the header field ${name}`
    this.#name = name.toLowerCase()
  }

  find({ headers }: GatewayRequest): string | undefined {
    const first = headers.indexOf(this.#name)
    if (first < 0) return undefined
    const key = headers.valueAt(first)
    for (let i = headers.indexOf(this.#name, first + 1); i >= 0; i = headers.indexOf(this.#name, i + 1)) {
      if (headers.valueAt(i) !== key) return TWO_KEYS
    }
    return key
  }

  remove({ headers }: GatewayRequest): void {
    headers.delete(this.#name)
  }
}

class QueryPlace implements KeyPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the query parameter ${name}`
    this.#name = name
  }

  find({ search }: GatewayRequest): string | undefined {
    if (search === '') return undefined
    const [key, ...more] = findParameter(search, this.#name)
    return more.every((other) => other === key) ? key : TWO_KEYS
  }

  /** The other pairs stay as they came, byte for byte. */
  remove(request: GatewayRequest): void {
    request.search = withoutParameter(request.search, this.#name)
  }
}

class CookiePlace implements KeyPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the cookie ${name}`
    this.#name = name
  }

  find({ headers }: GatewayRequest): string | undefined {
    let key: string | undefined
    for (const field of headers.getAll('cookie')) {
      for (const pair of field.split(';')) {
        if (!this.#isKey(pair)) continue
        const value = pair.slice(pair.indexOf('=') + 1).trim()
        if (key !== undefined && key !== value) return TWO_KEYS
        key = value
      }
    }
    return key
  }

  remove({ headers }: GatewayRequest): void {
    const rest = headers
      .getAll('cookie')
      .flatMap((field) => field.split(';'))
      .filter((pair) => !this.#isKey(pair) && pair.trim() !== '')
    // RFC 6265 §5.4: a user agent sends one field.
    if (rest.length === 0) headers.delete('cookie')
    else headers.set('Cookie', rest.join(';').trim())
  }

  #isKey(pair: string): boolean {
    const equals = pair.indexOf('=')
    return equals >= 0 && pair.slice(0, equals).trim() === this.#name
  }
}
