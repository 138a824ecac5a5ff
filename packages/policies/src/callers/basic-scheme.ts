/** Owns the Basic scheme (RFC 7617): the name and password that a request brings, and what is said where it brings none that could be right. */
import { z } from 'zod'
import type { GatewayRequest } from '../messages/request.ts'
import { Problem } from '../problem.ts'
import { type CredentialPlace, createCredentialPlace, type PlaceOptions, TWO_CREDENTIALS } from './credential-place.ts'

/** Names of users have at most 255 bytes; nobody types a password of more. */
const MOST_NAME_BYTES = 255
const MOST_PASSWORD_BYTES = 1024
/** In base64, with the colon. */
const MOST_CHARACTERS = Math.ceil((MOST_NAME_BYTES + 1 + MOST_PASSWORD_BYTES) / 3) * 4
/** RFC 4648 §4, with its padding: what reads otherwise could be read in two ways. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Stands in the options of policies that ask for a name and a password, as `realm`. */
export const realmSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[ !#-[\]-~]+$/, 'use printable ASCII without quotes and backslashes')
  .default('gateway')
  .meta({ description: 'What the password is for; browsers show it where they ask for one.' })

export const BASIC_PLACE: PlaceOptions = { in: 'header', name: 'Authorization', scheme: 'Basic' }

export interface BasicCredentials {
  readonly name: string
  readonly password: string
  /** Both, as they came: what is remembered is remembered of this. */
  readonly pair: string
}

export class BasicScheme {
  readonly #place: CredentialPlace = createCredentialPlace(BASIC_PLACE)
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #headers: Problem['headers']
  readonly #missing: Problem

  constructor(realm: string) {
    // RFC 7617 §2.1: says that names and passwords are read as UTF-8.
    this.#headers = [['WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`]]
    this.#missing = new Problem('credential-missing', {
      detail: 'Send your name and password in the header field Authorization, as Basic.',
      headers: this.#headers,
    })
  }

  /** undefined: there are none, and `isOptional`. @throws Problem where there are none, or none that could be right */
  read(request: GatewayRequest, isOptional: boolean): BasicCredentials | undefined {
    const encoded = this.#place.find(request)
    if (encoded === undefined) {
      if (isOptional) return undefined
      throw this.#missing
    }
    if (encoded === TWO_CREDENTIALS) {
      throw this.toFault('two-credentials', 'There are two different header fields Authorization. Send one.')
    }
    return this.#parse(encoded)
  }

  remove(request: GatewayRequest): void {
    this.#place.remove(request)
  }

  /** The same for whoever is not let in, whatever the reason: it goes into the record alone. */
  toRefusal(reason: string): Problem {
    return this.toFault(reason, 'The name or the password is wrong, or no longer valid.')
  }

  toFault(reason: string, detail: string): Problem {
    return new Problem('credential-invalid', { detail, headers: this.#headers, reason })
  }

  #parse(encoded: string): BasicCredentials {
    if (encoded.length > MOST_CHARACTERS) throw this.#toMalformed('too-long', 'The name and password are too long.')
    if (!BASE64.test(encoded)) throw this.#toMalformed('not-base64', 'What follows Basic is not base64.')
    const pair = this.#decode(Buffer.from(encoded, 'base64'))
    // RFC 7617 §2: the first colon ends the name; a password may hold more of them.
    const colon = pair.indexOf(':')
    if (colon < 0) throw this.#toMalformed('no-colon', 'There is no colon between the name and the password.')
    const name = pair.slice(0, colon)
    const password = pair.slice(colon + 1)
    if (name === '') throw this.#toMalformed('no-name', 'The name is empty.')
    if (Buffer.byteLength(name) > MOST_NAME_BYTES) throw this.#toMalformed('too-long', 'The name is too long.')
    // RFC 7617 §2: neither holds control characters.
    if (/[\x00-\x1f\x7f-\x9f]/.test(pair)) {
      throw this.#toMalformed('control-character', 'The name or the password holds a control character.')
    }
    return { name, password, pair }
  }

  #decode(bytes: Buffer): string {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      throw this.#toMalformed('not-utf-8', 'The name and password are not UTF-8.')
    }
  }

  #toMalformed(reason: string, what: string): Problem {
    return this.toFault(reason, `${what} Send base64 of "name:password" in UTF-8.`)
  }
}
