/** Owns the answer to a provider that logs somebody out, without a browser (OpenID Connect Back-Channel Logout 1.0 §2.5–2.8). */
import type { Exchange } from '../exchange.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { readWholeBody } from '../messages/whole-body.ts'
import { Problem } from '../problem.ts'
import { CallFault, type PolicyServices, type ReplayList } from '../services.ts'
import { type CompactJws, parseCompactJws, parseJsonObject } from '../tokens/compact-jws.ts'
import { ASYMMETRIC_ALGORITHMS } from '../tokens/jws-algorithms.ts'
import { type KeySource, RemoteKeys } from '../tokens/key-source.ts'
import { findSignatureFault } from '../tokens/verify-signature.ts'
import { assertMethod, NO_STORE, withFields } from './flow-answers.ts'
import type { LoginOptions } from './login-options.ts'
import {
  CLOCK_SKEW_SECONDS,
  isLogoutType,
  LONGEST_AGE_SECONDS,
  type LogoutToken,
  readLogoutToken,
} from './logout-token.ts'
import { toNoLogin } from './provider-failure.ts'
import type { Sessions } from './sessions.ts'

/** Those that are known have a kilobyte. What is longer is not read, and nothing before the signature costs more than that. */
const LONGEST_BODY_BYTES = 16 * 1024
const KEYS_FRESH_MS = 600_000
/** While the provider cannot be reached: a logout that cannot be checked is one that does not happen. */
const KEYS_STALE_MS = 24 * 3_600_000

interface BackChannelParts {
  readonly options: LoginOptions
  readonly services: PolicyServices
  readonly sessions: Sessions
}

/** How long one may come again. */
const LONGEST_MS = (LONGEST_AGE_SECONDS + CLOCK_SKEW_SECONDS + 1) * 1000

export class BackChannelLogout {
  readonly #parts: BackChannelParts
  readonly #keys: KeySource
  readonly #once: ReplayList

  constructor(parts: BackChannelParts) {
    const { options, services } = parts
    const { issuer, clientId } = options
    this.#parts = parts
    // Never a secret that both have: whoever reads it at either end could log people out.
    this.#keys = new RemoteKeys(
      { issuer, algorithms: ASYMMETRIC_ALGORITHMS, freshMs: KEYS_FRESH_MS, staleMs: KEYS_STALE_MS },
      services,
    )
    this.#once = services.replays.list(JSON.stringify(['oidc-login/logout', issuer, clientId]))
  }

  /** @throws Problem logout-refused, verifier-unavailable */
  async answer({ request }: Exchange): Promise<GatewayResponse> {
    assertMethod(request, ['POST'])
    const token = await this.#verify(await readToken(request))
    // First, and again for one that comes twice: it says no more than it did. So full memory refuses no logout.
    this.#parts.sessions.endByProvider(token, this.#toMoment(token))
    if (!(await this.#once.use(token.jti, token.issuedAtMs + LONGEST_MS))) throw toRefusal('replayed')
    const done = new GatewayResponse({ status: 200 })
    done.headers.append(...NO_STORE)
    return done
  }

  /**
   * Up to when sessions end: when the token was written, by a clock that may be behind, and not when it came. One that was long
   * on its way ends no session of whoever logged in again meanwhile.
   */
  #toMoment({ issuedAtMs }: LogoutToken): number {
    return Math.min(this.#parts.services.clock.now(), issuedAtMs + CLOCK_SKEW_SECONDS * 1000)
  }

  /** What costs least comes first: of made-up tokens, few get as far as a signature. */
  async #verify(text: string): Promise<LogoutToken> {
    const { options, services } = this.#parts
    const jws = parseCompactJws(text)
    const claims = jws === undefined ? undefined : parseJsonObject(jws.payload)
    if (jws === undefined || claims === undefined) throw toRefusal('malformed')
    if (!isLogoutType(jws.header.typ)) throw toRefusal('type')
    const token = readLogoutToken(claims, { ...options, nowMs: services.clock.now() })
    if ('fault' in token) throw toRefusal(token.fault)
    const fault = await this.#findSignatureFault(jws)
    if (fault !== undefined) throw toRefusal(fault)
    return token
  }

  async #findSignatureFault(jws: CompactJws): Promise<string | undefined> {
    try {
      const fault = findSignatureFault(jws, await this.#keys.get())
      const isWorthAnotherLook = fault === 'unknown-key' || (fault === 'signature' && jws.header.kid === undefined)
      const newer = isWorthAnotherLook ? await this.#keys.refresh()?.catch(() => undefined) : undefined
      return newer === undefined ? fault : findSignatureFault(jws, newer)
    } catch (error) {
      if (!(error instanceof CallFault)) throw error
      throw withFields(toNoLogin(error), [])
    }
  }
}

/** §2.5: one form with one token. */
async function readToken({ headers, body }: GatewayRequest): Promise<string> {
  const type = headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw toRefusal('no-form')
  const form = new URLSearchParams(Buffer.from(await readBody(body)).toString('latin1'))
  const [token, ...others] = form.getAll('logout_token')
  if (token === undefined || others.length > 0) throw toRefusal('no-token')
  return token
}

async function readBody(body: GatewayRequest['body']): Promise<Uint8Array> {
  try {
    return await readWholeBody(body, LONGEST_BODY_BYTES)
  } catch (error) {
    throw error instanceof Problem ? withFields(error, []) : error
  }
}

/** Which of its rules it breaks stands in the record, and is nobody else's. */
function toRefusal(reason: string): Problem {
  return new Problem('logout-refused', {
    detail: 'Nobody was logged out: send a form with one logout_token of the provider, for this client, that is new.',
    headers: [NO_STORE],
    reason,
  })
}
