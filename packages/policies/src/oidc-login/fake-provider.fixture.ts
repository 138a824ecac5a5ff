/** Owns an OpenID provider in tests: it answers through the port with real signatures, and can be made to lie. */
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { MaybePromise } from '../maybe-promise.ts'
import { CallFault, type OutgoingCall } from '../services.ts'
import { type FakeAnswer, type FakeClock, FakeHttp } from '../testing/index.ts'

export const ISSUER = 'https://login.example.com'
export const CLIENT_ID = 'shop'
export const CLIENT_SECRET = 'the-secret-that-client-and-provider-share'

interface Grant {
  readonly nonce: string | null
  readonly challenge: string | null
  readonly redirectUri: string | null
}

/** One key pair a test file: drawing one takes a while. */
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

export class FakeProvider {
  readonly http: FakeHttp
  readonly #clock: FakeClock
  readonly #grants = new Map<string, Grant>()
  readonly #drawn = new Map<string, number>()
  /** What the next ID tokens say beside, or instead of, the truth. */
  claims: Record<string, unknown> = {}
  /** Replaces members of its own description; undefined takes one away. */
  description: Record<string, unknown> = {}
  /** Replaces members of its answers with tokens. */
  tokens: Record<string, unknown> = {}
  userinfo: Record<string, unknown> = { sub: 'ada', email: 'ada@example.com' }
  signsAs: 'rsa' | 'none' | 'stranger' | 'hmac-of-public-key' | 'hmac-of-secret' = 'rsa'
  /** What it calls its key. */
  kid = 'k1'
  /** Nobody can reach it. */
  isDown = false
  /** Answers the token endpoint in place of tokens. */
  refusal: MaybePromise<FakeAnswer> | undefined
  /** Refresh tokens that were given out and not taken yet: each is taken once. */
  readonly refreshTokens = new Set<string>()

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.http = new FakeHttp((call) => this.#answer(call))
  }

  /** Calls of one of its paths. */
  callsOf(path: string): OutgoingCall[] {
    return this.http.calls.filter(({ url }) => new URL(url).pathname === path)
  }

  /** Lets somebody in who was sent to this URL; returns the query that the browser is sent back with. */
  approve(location: string, more: Readonly<Record<string, string>> = {}): string {
    const { searchParams } = new URL(location)
    const code = this.#draw('code')
    this.#grants.set(code, {
      nonce: searchParams.get('nonce'),
      challenge: searchParams.get('code_challenge'),
      redirectUri: searchParams.get('redirect_uri'),
    })
    return `?${new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: ISSUER, ...more })}`
  }

  /** What it posts when somebody logs out; undefined takes a claim away. */
  signLogout(claims: object = {}, header: object = { typ: 'logout+jwt' }): string {
    const seconds = Math.floor(this.#clock.now() / 1000)
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const said = { iss: ISSUER, aud: CLIENT_ID, iat: seconds, exp: seconds + 120, jti: this.#draw('jti'), events }
    return this.#sign({ ...said, ...claims }, header)
  }

  #answer({ url, body }: OutgoingCall): MaybePromise<FakeAnswer> {
    if (this.isDown) throw new CallFault('ECONNREFUSED', 'nobody listens')
    switch (new URL(url).pathname) {
      case '/.well-known/openid-configuration':
        return { body: this.#describe() }
      case '/keys':
        return { body: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: this.kid, alg: 'RS256', use: 'sig' }] } }
      case '/token':
        return this.refusal ?? this.#redeem(new URLSearchParams(String(body)))
      case '/userinfo':
        return { body: this.userinfo }
      case '/revoke':
        this.refreshTokens.delete(new URLSearchParams(String(body)).get('token') ?? '')
        return {}
      default:
        return { status: 404 }
    }
  }

  #describe(): object {
    return {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/keys`,
      userinfo_endpoint: `${ISSUER}/userinfo`,
      end_session_endpoint: `${ISSUER}/logout`,
      revocation_endpoint: `${ISSUER}/revoke`,
      authorization_response_iss_parameter_supported: true,
      ...this.description,
    }
  }

  #redeem(form: URLSearchParams): FakeAnswer {
    const code = form.get('code')
    if (code === null) {
      const refused = !this.refreshTokens.delete(form.get('refresh_token') ?? '')
      return refused ? toRefusal() : { body: this.#toTokens(null) }
    }
    const grant = this.#grants.get(code)
    this.#grants.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isMeant = grant?.challenge === challenge && grant.redirectUri === form.get('redirect_uri')
    return isMeant ? { body: this.#toTokens(grant.nonce) } : toRefusal()
  }

  #toTokens(nonce: string | null): object {
    const accessToken = this.#draw('access')
    const refreshToken = this.#draw('refresh')
    this.refreshTokens.add(refreshToken)
    const seconds = Math.floor(this.#clock.now() / 1000)
    const atHash = createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url')
    const claims = {
      iss: ISSUER,
      sub: 'ada',
      aud: CLIENT_ID,
      iat: seconds,
      exp: seconds + 300,
      at_hash: atHash,
      ...(nonce !== null && { nonce }),
      ...this.claims,
    }
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: refreshToken,
      id_token: this.#sign(claims),
      ...this.tokens,
    }
  }

  #sign(claims: object, header: object = {}): string {
    const alg = {
      rsa: 'RS256',
      stranger: 'RS256',
      none: 'none',
      'hmac-of-public-key': 'HS256',
      'hmac-of-secret': 'HS256',
    }[this.signsAs]
    const input = `${encode({ alg, kid: this.kid, ...header })}.${encode(claims)}`
    return `${input}.${toSignature(this.signsAs, input)}`
  }

  #draw(kind: string): string {
    const drawn = (this.#drawn.get(kind) ?? 0) + 1
    this.#drawn.set(kind, drawn)
    return `${kind}-${drawn}`
  }
}

function toRefusal(): FakeAnswer {
  return { status: 400, body: { error: 'invalid_grant', error_description: '<script>alert(1)</script>' } }
}

function toSignature(as: FakeProvider['signsAs'], input: string): string {
  const byRsa = (key: KeyObject): string => sign('sha256', Buffer.from(input), key).toString('base64url')
  switch (as) {
    case 'rsa':
      return byRsa(privateKey)
    case 'stranger':
      return byRsa(stranger)
    case 'none':
      return ''
    case 'hmac-of-secret':
      return createHmac('sha256', CLIENT_SECRET).update(input).digest('base64url')
    case 'hmac-of-public-key': {
      const pem = publicKey.export({ type: 'spki', format: 'pem' })
      return createHmac('sha256', pem).update(input).digest('base64url')
    }
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
