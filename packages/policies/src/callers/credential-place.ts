/** Owns where in a request a credential stands: finding it, and taking it out without touching the rest. */
import { z } from 'zod'
import type { GatewayRequest } from '../messages/request.ts'
import { findParameter, withoutParameter } from '../messages/search.ts'

export interface CredentialPlace {
  /** For people: `the header field X-Api-Key`. */
  readonly words: string
  /** The credential, `TWO_CREDENTIALS` when two different ones are there, undefined when none is. */
  find(request: GatewayRequest): string | undefined
  remove(request: GatewayRequest): void
  /** Where it is sent on: takes out what an upstream could read in its place, and nobody looked at. */
  keep(request: GatewayRequest): void
}

export interface PlaceOptions {
  readonly in: 'header' | 'query' | 'cookie'
  readonly name: string
  /** Of a header field: what stands before the credential, such as `Bearer` (RFC 9110 §11.4); other schemes are somebody else's. */
  readonly scheme?: string
}

/** What `find` answers when a request says two things; no credential holds a line feed. */
export const TWO_CREDENTIALS = '\n'

/** What a policy has to do with a place. */
export interface UsedPlace extends PlaceOptions {
  /** It looks for nothing there, but writes what the upstream gets. */
  readonly isWritten?: boolean
  /** Where a part of the field alone is the credential, and the rest is for others. */
  readonly part?: {
    /** What tells it from other parts of the same field. */
    readonly name: string
    takeOut(request: GatewayRequest): void
  }
}

// RFC 9110 §5.6.2: a token, which is what field names and cookie names (RFC 6265 §4.1.1) are; query names need no more.
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Of a header field, a cookie or a parameter. */
export const fieldNameSchema = z.string().regex(NAME, "use letters, digits and !#$%&'*+-.^_`|~ only")

export function createCredentialPlace({ in: where, name, scheme }: PlaceOptions): CredentialPlace {
  switch (where) {
    case 'header':
      return scheme === undefined ? new HeaderPlace(name) : new SchemePlace(name, scheme)
    case 'query':
      return new QueryPlace(name)
    case 'cookie':
      return new CookiePlace(name)
  }
}

class HeaderPlace implements CredentialPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the header field ${name}`
    this.#name = name.toLowerCase()
  }

  find({ headers }: GatewayRequest): string | undefined {
    const first = headers.indexOf(this.#name)
    if (first < 0) return undefined
    const credential = headers.valueAt(first)
    for (let i = headers.indexOf(this.#name, first + 1); i >= 0; i = headers.indexOf(this.#name, i + 1)) {
      if (headers.valueAt(i) !== credential) return TWO_CREDENTIALS
    }
    return credential
  }

  remove({ headers }: GatewayRequest): void {
    headers.delete(this.#name)
  }

  keep({ headers }: GatewayRequest): void {
    headers.deleteTwins(this.#name)
  }
}

/** `Authorization: Bearer …`. A field of another scheme beside it says who calls as well: those are two. */
class SchemePlace implements CredentialPlace {
  readonly words: string
  readonly #field: HeaderPlace
  readonly #prefix: string
  readonly #lookalike: RegExp

  constructor(name: string, scheme: string) {
    this.words = `the header field ${name}, as ${scheme}`
    this.#field = new HeaderPlace(name)
    this.#prefix = `${scheme.toLowerCase()} `
    this.#lookalike = toLookalike(scheme)
  }

  find(request: GatewayRequest): string | undefined {
    const value = this.#field.find(request)
    if (value === undefined || value === TWO_CREDENTIALS) return value
    const end = this.#prefix.length
    // RFC 9110 §11.1: the scheme in any case, and one or more spaces.
    if (value.slice(0, end).toLowerCase() === this.#prefix) return value.slice(end).trimStart()
    if (value.length === end - 1 && `${value.toLowerCase()} ` === this.#prefix) return ''
    // No credential has these characters, so whoever checks this one refuses it.
    return this.#lookalike.test(value) ? value : undefined
  }

  remove(request: GatewayRequest): void {
    this.#field.remove(request)
  }

  keep(request: GatewayRequest): void {
    this.#field.keep(request)
  }
}

/**
 * The scheme with something else behind it than a space, or behind a comma: RFC 9110 §11.4 has neither, and servers that
 * split at any whitespace, or at commas, find a credential there. It must not pass as nobody's.
 */
function toLookalike(scheme: string): RegExp {
  const literal = scheme.replace(/[.*+^$|]/g, '\\$&')
  return new RegExp(`(?:^|[,\\s])${literal}(?![!#$%&'*+\\-.^_\`|~0-9A-Za-z])`, 'i')
}

class QueryPlace implements CredentialPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the query parameter ${name}`
    this.#name = name
  }

  find({ search }: GatewayRequest): string | undefined {
    if (search === '') return undefined
    const [credential, ...more] = findParameter(search, this.#name)
    return more.every((other) => other === credential) ? credential : TWO_CREDENTIALS
  }

  /** The other pairs stay as they came, byte for byte. */
  remove(request: GatewayRequest): void {
    request.search = withoutParameter(request.search, this.#name)
  }

  keep(): void {}
}

class CookiePlace implements CredentialPlace {
  readonly words: string
  readonly #name: string

  constructor(name: string) {
    this.words = `the cookie ${name}`
    this.#name = name
  }

  find({ headers }: GatewayRequest): string | undefined {
    let credential: string | undefined
    for (const field of headers.getAll('cookie')) {
      for (const pair of field.split(';')) {
        if (!this.#isOurs(pair)) continue
        const value = pair.slice(pair.indexOf('=') + 1).trim()
        if (credential !== undefined && credential !== value) return TWO_CREDENTIALS
        credential = value
      }
    }
    return credential
  }

  remove({ headers }: GatewayRequest): void {
    const rest = headers
      .getAll('cookie')
      .flatMap((field) => field.split(';'))
      .filter((pair) => !this.#isOurs(pair) && pair.trim() !== '')
    // RFC 6265 §5.4: a user agent sends one field.
    if (rest.length === 0) headers.delete('cookie')
    else headers.set('Cookie', rest.join(';').trim())
  }

  keep(): void {}

  #isOurs(pair: string): boolean {
    const equals = pair.indexOf('=')
    return equals >= 0 && pair.slice(0, equals).trim() === this.#name
  }
}
