/** Owns finding out who asks: by a token, or by the session of a browser. */
import { NOBODY } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { findSession, isAntiForgeryToken, touchSession } from '../sessions/session-store.ts'
import type { Moment, Store } from '../store/store.ts'
import { findToken, noteTokenUse } from '../tokens/token-store.ts'
import { toUserPrincipal } from '../users/user.ts'
import type { Credentials } from './services.ts'

export class Identity {
  readonly #store: Store
  readonly #nowMs: () => number
  /** Uids of sessions and tokens of which it is written down that they were used. */
  readonly #noting = new Set<string>()

  constructor(store: Store, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  /** Undefined: what was brought is nobody's, or nobody's any more. */
  async identify(db: Moment, { token, sessionSecret }: Credentials): Promise<Principal | undefined> {
    const nowMs = this.#nowMs()
    if (token !== undefined) {
      const found = await findToken(db, token, nowMs)
      if (found?.isUseDue === true) this.#note(found.token.uid, 'token')
      return found?.principal
    }
    if (sessionSecret === undefined) return undefined
    const found = await findSession(db, sessionSecret, nowMs)
    if (found?.isTouchDue === true) this.#note(found.session.uid, 'session')
    return found === undefined ? undefined : toUserPrincipal(found.user)
  }

  /** After the answer, and once: nobody waits for it, and where it fails the next request tries again. */
  #note(uid: string, kind: 'token' | 'session'): void {
    if (this.#noting.has(uid)) return
    this.#noting.add(uid)
    const note = kind === 'token' ? noteTokenUse : touchSession
    const write = this.#store.write((change) => note({ ...change, by: NOBODY, nowMs: this.#nowMs() }, uid))
    const done = (): void => void this.#noting.delete(uid)
    void write.then(done, done)
  }
}

/** What a browser says of where a request comes from (Fetch Metadata); programs say nothing. `none`: who sits before it typed the address. */
export function isOfOtherSite(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Changes by a browser come with what only our own pages know: a form of another site sends the cookie, and not this. */
export function isOwnPage(headers: Readonly<Record<string, string | string[] | undefined>>, secret: string): boolean {
  const token = headers['x-csrf-token']
  return typeof token === 'string' && isAntiForgeryToken(token, secret)
}
