/** Owns the ways to get tokens from Google: its metadata server, a service account's key, a token of somebody else's, and speaking as a service account. */
import { parseObject, toSenseless } from '../../calls/json-answer.ts'
import type { OutgoingCall } from '../../services.ts'
import type { Issued } from '../issued/fetched-credential.ts'
import {
  askIssuer,
  getToken,
  parseMoment,
  toAccessToken,
  toFormCall,
  toIdToken,
  toUrlBelow,
} from '../issued/issuer-call.ts'
import type { UpstreamAuthServices } from '../upstream-credential.ts'
import { parseServiceAccountKey, signAsAccount } from './service-account-key.ts'

/** What speaking as another service account needs; what that one may do decides the rest. */
const CLOUD_SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

/** What a token is asked for: to call APIs of Google, or to say to one service who calls. */
export type GoogleWish = { readonly scopes: readonly string[] } | { readonly audience: string }

export type GoogleIssuer = (wish: GoogleWish) => Promise<Issued<string>>

type Means = Pick<UpstreamAuthServices, 'http' | 'clock'> & { readonly timeoutMs: number }

/** https://cloud.google.com/compute/docs/access/authenticate-workloads and …/instances/verifying-instance-identity */
export function createMetadataIssuer(
  server: { readonly url: string; readonly account: string },
  means: Means,
): GoogleIssuer {
  const { http, clock, timeoutMs } = means
  const base = toUrlBelow(server.url, `/computeMetadata/v1/instance/service-accounts/${server.account}`)
  const ask = async (target: string) => {
    const answer = await askIssuer(http, { url: base + target, headers: [['Metadata-Flavor', 'Google']], timeoutMs })
    // Whoever else answers at this address says no such thing.
    if (answer.headers.get('metadata-flavor') !== 'Google') throw toSenseless('no-metadata-server')
    return answer
  }
  return async (wish) => {
    if ('audience' in wish) {
      const { body } = await ask(`/identity?${new URLSearchParams({ audience: wish.audience, format: 'full' })}`)
      return toIdToken(body.toString('latin1').trim())
    }
    return toAccessToken(await ask(`/token?${new URLSearchParams({ scopes: wish.scopes.join(',') })}`), clock.now())
  }
}

/** https://developers.google.com/identity/protocols/oauth2/service-account, RFC 7523 §2.1. `readKey`: the JSON as it is now. */
export function createKeyIssuer(readKey: () => string, { http, clock, timeoutMs }: Means): GoogleIssuer {
  return async (wish) => {
    const key = parseServiceAccountKey(readKey())
    const isIdToken = 'audience' in wish
    const claims = isIdToken ? { target_audience: wish.audience } : { scope: wish.scopes.join(' ') }
    const form = [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      ['assertion', signAsAccount(key, claims, clock.now())],
    ] as const
    const answer = await askIssuer(http, toFormCall(key.tokenUrl, form, timeoutMs))
    return isIdToken ? toIdToken(parseObject(answer.body).id_token) : toAccessToken(answer, clock.now())
  }
}

export interface Federation {
  readonly tokenUrl: string
  /** The provider of the pool. */
  readonly audience: string
  readonly tokenType: string
  /** The token as it is now. */
  readToken(): string
}

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token, RFC 8693 §2.1. It issues tokens for APIs only. */
export function createFederatedIssuer(federation: Federation, { http, clock, timeoutMs }: Means): GoogleIssuer {
  const { tokenUrl, audience, tokenType, readToken } = federation
  return async (wish) => {
    if ('audience' in wish) throw toSenseless('no-token')
    const form = [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      ['requested_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
      ['audience', audience],
      ['scope', wish.scopes.join(' ')],
      ['subject_token_type', tokenType],
      ['subject_token', readToken()],
    ] as const
    return toAccessToken(await askIssuer(http, toFormCall(tokenUrl, form, timeoutMs)), clock.now())
  }
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts */
export function createImpersonation(
  target: { readonly url: string; readonly account: string },
  self: GoogleIssuer,
  { http, timeoutMs }: Means,
): GoogleIssuer {
  const base = toUrlBelow(target.url, `/v1/projects/-/serviceAccounts/${target.account}`)
  const ask = async (method: string, wanted: object) => {
    const { value: token } = await self({ scopes: [CLOUD_SCOPE] })
    const call: OutgoingCall = {
      url: `${base}:${method}`,
      method: 'POST',
      headers: [
        ['Authorization', `Bearer ${token}`],
        ['Content-Type', 'application/json'],
      ],
      body: JSON.stringify(wanted),
      timeoutMs,
    }
    return parseObject((await askIssuer(http, call)).body)
  }
  return async (wish) => {
    // Without the address of the account in it, some services (IAP) do not take an ID token.
    if ('audience' in wish) return toIdToken((await ask('generateIdToken', { ...wish, includeEmail: true })).token)
    const { accessToken, expireTime } = await ask('generateAccessToken', { scope: wish.scopes })
    return { value: getToken(accessToken), endsAtMs: parseMoment(expireTime) }
  }
}
