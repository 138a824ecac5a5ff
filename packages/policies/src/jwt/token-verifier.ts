/** Owns the way from a token to who calls: opened, its issuer found, its signature checked, its claims judged. No step is done before the one it rests on. */
import { hash } from 'node:crypto'
import { toFingerprint } from '../callers/remembered.ts'
import { toCallTls } from '../calls/call-options.ts'
import type { Caller } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { CallFault, type PolicyServices } from '../services.ts'
import { type CompactJws, parseCompactJws, parseJsonObject } from '../tokens/compact-jws.ts'
import { findConfirmation } from '../tokens/confirmation.ts'
import type { JwsAlgorithm } from '../tokens/jws-algorithms.ts'
import { FixedKeys, type KeySource, RemoteKeys } from '../tokens/key-source.ts'
import { TokenDecryption } from '../tokens/token-decryption.ts'
import type { VerificationKey } from '../tokens/verification-key.ts'
import { findSignatureFault, type SignatureFault } from '../tokens/verify-signature.ts'
import { type IssuerOptions, type JwtOptions, toFixedKey } from './jwt-options.ts'
import { type Claims, findClaimFault, toEndMs, toTokenCaller } from './token-claims.ts'

export interface VerifiedToken {
  readonly caller: Caller
  readonly issuer: TrustedIssuer
  readonly confirmation: ReturnType<typeof findConfirmation>
  /** Milliseconds since the epoch. */
  readonly endMs: number
  /** With which of them it was checked: others mean that it has to be checked anew. */
  readonly keys: readonly VerificationKey[]
}

/** `fault` is a reason for the record; `unavailable`: nobody knows, because the keys cannot be had. */
export type Verdict = VerifiedToken | { readonly fault: string } | { readonly unavailable: CallFault }

type LaterVerdict = () => Promise<Verdict>

export interface TrustedIssuer {
  readonly options: IssuerOptions
  readonly keys: KeySource
}

/** Opened, and read as far as that goes without a key. */
interface ReadToken {
  readonly jws: CompactJws
  readonly claims: Claims
  readonly issuer: TrustedIssuer
}

export class TokenVerifier {
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>
  readonly #options: JwtOptions
  readonly #decryption: TokenDecryption | undefined
  readonly #clock: PolicyServices['clock']

  /** @throws Error that says which key is none */
  constructor(options: JwtOptions, services: PolicyServices) {
    this.#options = options
    this.#clock = services.clock
    this.#decryption = options.decryption === undefined ? undefined : new TokenDecryption(options.decryption)
    this.#issuers = new Map(
      options.issuers.map((issuer) => [issuer.issuer, { options: issuer, keys: createKeySource(issuer, services) }]),
    )
  }

  /** How to come to the verdict where that takes its time: what is encrypted has to be opened, or keys have to be fetched. */
  verify(token: string): Verdict | LaterVerdict {
    const decryption = this.#decryption
    if (decryption === undefined || !isEncrypted(token)) return this.#verifySigned(token, token)
    return () => this.#verifyEncrypted(token, decryption)
  }

  async #verifyEncrypted(token: string, decryption: TokenDecryption): Promise<Verdict> {
    const inside = await decryption.open(token)
    if (inside === undefined) return { fault: 'not-decrypted' }
    const verdict = this.#verifySigned(inside, token)
    return typeof verdict === 'function' ? await verdict() : verdict
  }

  #verifySigned(text: string, token: string): Verdict | LaterVerdict {
    const read = this.#read(text)
    if ('fault' in read) return read
    const { keys } = read.issuer
    const present = keys.peek()
    if (present === undefined) return () => this.#verifyLater(read, keys.get(), token)
    const fault = findSignatureFault(read.jws, present)
    if (fault !== undefined && isWorthAnotherLook(fault, read.jws)) return () => this.#lookAgain(read, fault, token)
    return fault === undefined ? this.#judge(read, present, token) : { fault }
  }

  #read(text: string): ReadToken | { readonly fault: string } {
    const jws = parseCompactJws(text)
    const claims = jws === undefined ? undefined : parseJsonObject(jws.payload)
    if (jws === undefined || claims === undefined) return { fault: 'malformed' }
    const issuer = typeof claims.iss === 'string' ? this.#issuers.get(claims.iss) : undefined
    if (issuer === undefined) return { fault: 'issuer' }
    const { types } = this.#options
    return types === undefined || isOfType(jws.header.typ, types) ? { jws, claims, issuer } : { fault: 'type' }
  }

  async #verifyLater(read: ReadToken, keys: MaybePromise<readonly VerificationKey[]>, token: string): Promise<Verdict> {
    try {
      const present = await keys
      const fault = findSignatureFault(read.jws, present)
      return fault === undefined ? this.#judge(read, present, token) : { fault }
    } catch (error) {
      return { unavailable: toCallFault(error) }
    }
  }

  /** The issuer may have a key that was not there at the last look. */
  async #lookAgain(read: ReadToken, fault: SignatureFault, token: string): Promise<Verdict> {
    const looking = read.issuer.keys.refresh()
    if (looking === undefined) return { fault }
    try {
      return await this.#verifyLater(read, looking, token)
    } catch {
      return { fault }
    }
  }

  #judge({ claims, issuer }: ReadToken, keys: readonly VerificationKey[], token: string): Verdict {
    const fault = findClaimFault(claims, issuer.options, { ...this.#options, nowMs: this.#clock.now() })
    if (fault !== undefined) return { fault }
    const id = typeof claims.jti === 'string' ? claims.jti : hash('sha256', token)
    const endMs = toEndMs(claims, this.#options)
    const credential = { kind: 'token', id, tokenFingerprint: toFingerprint(token), endsAtMs: endMs }
    const caller = toTokenCaller(claims, issuer.options, credential)
    if (issuer.options.appClaim !== undefined && caller.app === undefined) return { fault: 'claim-missing' }
    return { caller, issuer, keys, confirmation: findConfirmation(claims), endMs }
  }
}

/** RFC 7516 §9: five parts. */
function isEncrypted(token: string): boolean {
  return token.split('.', 6).length === 5
}

/** RFC 7515 §4.1.9: in any case, and `application/` may be left out. */
function isOfType(typ: string | undefined, types: readonly string[]): boolean {
  const plain = typ?.toLowerCase().replace(/^application\//, '')
  return plain !== undefined && types.some((type) => type.toLowerCase().replace(/^application\//, '') === plain)
}

function isWorthAnotherLook(fault: SignatureFault, { header }: CompactJws): boolean {
  return fault === 'unknown-key' || (fault === 'signature' && header.kid === undefined)
}

function toCallFault(error: unknown): CallFault {
  return error instanceof CallFault ? error : new CallFault('failed', String(error), { cause: error })
}

function createKeySource(options: IssuerOptions, services: PolicyServices): KeySource {
  const { issuer, keys, jwksUrl: url, algorithms, freshSeconds, staleSeconds, tls } = options
  if (keys !== undefined) return new FixedKeys(keys.map(toFixedKey))
  return new RemoteKeys(
    {
      issuer,
      url,
      algorithms: algorithms as readonly JwsAlgorithm[],
      freshMs: freshSeconds * 1000,
      staleMs: staleSeconds * 1000,
    },
    { ...services, tls: toCallTls(tls) },
  )
}
