/**
 * Owns the cookies of a login: which of a request's are ours, how a long session is split over several, and what tells a browser
 * to keep or to forget them.
 *
 *   __Host-session                  2.eyJhbGciOi…   how many there are, and the first of them
 *   __Host-session.1                …               the next
 *   __Host-session.login.t3x…       eyJhbGciOi…     one for each login under way
 */
import type { PlaceOptions } from '../callers/credential-place.ts'
import type { GatewayRequest } from '../messages/request.ts'

/** Of one cookie's value. RFC 6265 §6.1: browsers keep 4096 bytes of name, value and attributes together. */
const PART_CHARACTERS = 3_800
/** 15 KB: with the other cookies, still a header block that servers on the way accept. */
export const MOST_PARTS = 4
/** Tabs that log in at the same time; the oldest give way. */
export const MOST_ATTEMPTS = 8

const HOST_PREFIX = '__Host-'

/** Where a session may stand, with and without TLS. */
export function listSessionPlaces(name: string): PlaceOptions[] {
  return listPartNames(name)
    .flatMap((part) => [part, HOST_PREFIX + part])
    .map((part) => ({ in: 'cookie', name: part }))
}

function listPartNames(name: string): string[] {
  return [name, ...Array.from({ length: MOST_PARTS - 1 }, (_, part) => `${name}.${part + 1}`)]
}

export interface FoundCookies {
  /** The sealed session; undefined: there is none, or a part of it is missing. */
  readonly session: string | undefined
  /** Two cookies of one name differ, or parts are missing: somebody else wrote one of them. */
  readonly isGarbled: boolean
  /** All of the session's, for when they are to be forgotten. */
  readonly sessionNames: readonly string[]
  /** Logins under way, by their ids. */
  readonly attempts: ReadonlyMap<string, string>
}

export const NO_COOKIES: FoundCookies = { session: undefined, isGarbled: false, sessionNames: [], attempts: new Map() }

export class LoginCookies {
  readonly #plainName: string
  readonly #name: string
  readonly #partNames: ReadonlySet<string>
  readonly #attemptPrefix: string
  readonly #isSecure: boolean

  /** One for connections with TLS and one for those without: they share no cookies. */
  constructor(name: string, isSecure: boolean) {
    // RFC 6265bis §4.1.3.2: what has this prefix was set by this host over TLS, for all of its paths, and not by a sibling of it.
    this.#name = isSecure ? HOST_PREFIX + name : name
    this.#plainName = name
    this.#partNames = new Set(listPartNames(this.#name))
    this.#attemptPrefix = `${this.#name}.login.`
    this.#isSecure = isSecure
  }

  get name(): string {
    return this.#name
  }

  /** `NO_COOKIES` where none is ours. */
  read({ headers }: GatewayRequest): FoundCookies {
    const fields = headers.getAll('cookie')
    if (!fields.some((field) => field.includes(this.#name))) return NO_COOKIES
    const values = new Map<string, string>()
    for (const pair of fields.flatMap((field) => field.split(';'))) {
      const name = toName(pair)
      if (name !== this.#name && !name.startsWith(`${this.#name}.`)) continue
      const value = pair.slice(pair.indexOf('=') + 1).trim()
      // Of two that differ, one is somebody else's: neither counts.
      values.set(name, (values.get(name) ?? value) === value ? value : '')
    }
    return values.size === 0 ? NO_COOKIES : this.#sort(values)
  }

  #sort(values: ReadonlyMap<string, string>): FoundCookies {
    const attempts = new Map<string, string>()
    const sessionNames: string[] = []
    for (const [name, value] of values) {
      if (name.startsWith(this.#attemptPrefix)) attempts.set(name.slice(this.#attemptPrefix.length), value)
      // Others we never set: whoever brings hundreds of them is not answered with hundreds of fields.
      else if (this.#partNames.has(name)) sessionNames.push(name)
    }
    const session = this.#join(values)
    return { session, isGarbled: session === undefined && values.has(this.#name), sessionNames, attempts }
  }

  #join(values: ReadonlyMap<string, string>): string | undefined {
    const first = values.get(this.#name)
    const [, digit, start = ''] = (first === undefined ? null : /^([1-9])\.(.*)$/.exec(first)) ?? []
    const count = Number(digit ?? 0)
    if (count === 0 || count > MOST_PARTS) return undefined
    const parts = [start]
    for (let part = 1; part < count; part++) {
      const value = values.get(`${this.#name}.${part}`)
      if (value === undefined) return undefined
      parts.push(value)
    }
    return parts.join('')
  }

  /** Takes ours out of the request, with and without TLS; the others stay. */
  remove({ headers }: GatewayRequest): void {
    const fields = headers.getAll('cookie')
    if (!fields.some((field) => field.includes(this.#plainName))) return
    const rest = fields
      .flatMap((field) => field.split(';'))
      .filter((pair) => pair.trim() !== '' && !this.#isAnyOfOurs(toName(pair)))
    // RFC 6265 §5.4: a user agent sends one field.
    if (rest.length === 0) headers.delete('cookie')
    else headers.set('Cookie', rest.join(';').trim())
  }

  #isAnyOfOurs(name: string): boolean {
    const plain = name.startsWith(HOST_PREFIX) ? name.slice(HOST_PREFIX.length) : name
    return plain === this.#plainName || plain.startsWith(`${this.#plainName}.`)
  }

  /**
   * What sets this session and forgets what an earlier, longer one left. Without `maxAgeSeconds` it ends with the browser.
   * undefined: it is longer than browsers keep.
   */
  toSession(sealed: string, found: FoundCookies, maxAgeSeconds?: number): string[] | undefined {
    const count = Math.ceil(sealed.length / PART_CHARACTERS)
    if (count > MOST_PARTS) return undefined
    const set = new Map<string, string>()
    for (let part = 0; part < count; part++) {
      const text = sealed.slice(part * PART_CHARACTERS, (part + 1) * PART_CHARACTERS)
      if (part === 0) set.set(this.#name, `${count}.${text}`)
      else set.set(`${this.#name}.${part}`, text)
    }
    return [
      ...Array.from(set, ([name, value]) => this.#toSetCookie(name, value, maxAgeSeconds)),
      ...found.sessionNames.filter((name) => !set.has(name)).map((name) => this.#toSetCookie(name, '', 0)),
    ]
  }

  toForgottenSession({ sessionNames }: FoundCookies): string[] {
    return sessionNames.map((name) => this.#toSetCookie(name, '', 0))
  }

  /** One login more; ids sort by their age, and the oldest of too many are forgotten. */
  toAttempt(
    id: string,
    sealed: string,
    { found, maxAgeSeconds }: { found: FoundCookies; maxAgeSeconds: number },
  ): string[] {
    const ids = [...found.attempts.keys()].toSorted()
    const surplus = ids.slice(0, Math.min(MOST_ATTEMPTS, Math.max(0, ids.length - MOST_ATTEMPTS + 1)))
    return [
      this.#toSetCookie(`${this.#attemptPrefix}${id}`, sealed, maxAgeSeconds),
      ...surplus.map((old) => this.toForgottenAttempt(old)),
    ]
  }

  toForgottenAttempt(id: string): string {
    return this.#toSetCookie(`${this.#attemptPrefix}${id}`, '', 0)
  }

  /** `Lax`: browsers send it with what people click on, also on the way back from the provider, and not with what other sites do. */
  #toSetCookie(name: string, value: string, maxAgeSeconds: number | undefined): string {
    const secure = this.#isSecure ? '; Secure' : ''
    const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`
    return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${maxAge}`
  }
}

function toName(pair: string): string {
  const equals = pair.indexOf('=')
  return equals < 0 ? '' : pair.slice(0, equals).trim()
}
