/** Owns keys of Google's service accounts: the JSON that they are handed out as, and the assertions that they sign. */
import { signAssertion } from '../../authorization-servers/client-assertion.ts'
import { confidentialUrlSchema } from '../../calls/call-options.ts'
import { JwsSigner } from '../../tokens/jws-signer.ts'
import { parsePrivateKey } from '../../tokens/signing-key.ts'

/** https://developers.google.com/identity/protocols/oauth2/service-account: it takes an hour at most. The clocks may differ somewhat. */
const ASSERTION_SECONDS = 300
const DEFAULT_TOKEN_URL = 'https://oauth2.googleapis.com/token'

const OTHER_TYPES: Readonly<Record<string, string>> = {
  authorized_user: 'these are the credentials of a person; make a key of a service account',
  external_account: 'this is no key, but says how to do without one: write `federation` instead',
}

export interface ServiceAccountKey {
  readonly email: string
  /** Who takes assertions, and whom they are for. */
  readonly tokenUrl: string
  readonly signer: JwsSigner
}

/** @throws Error that says what is wrong with it, and nothing of what it is */
export function parseServiceAccountKey(text: string): ServiceAccountKey {
  const {
    type,
    client_email: email,
    token_uri: tokenUrl = DEFAULT_TOKEN_URL,
    private_key: pem,
    private_key_id: kid,
  } = parseJson(text)
  const other = typeof type === 'string' && Object.hasOwn(OTHER_TYPES, type) ? OTHER_TYPES[type] : undefined
  if (other !== undefined) throw new Error(other)
  if (type !== 'service_account') throw new Error('this is no key of a service account: its `type` is another')
  if (typeof email !== 'string' || email === '') throw new Error('the key says not whose it is (`client_email`)')
  if (kid !== undefined && typeof kid !== 'string') throw new Error('`private_key_id` is no text')
  const url = confidentialUrlSchema.safeParse(tokenUrl)
  if (!url.success) throw new Error('`token_uri` is no https URL')
  return { email, tokenUrl: url.data, signer: createSigner(pem, kid) }
}

/** RFC 7523 §3. `claims`: what is asked for, `scope` or `target_audience`. */
export function signAsAccount(
  { email, tokenUrl, signer }: ServiceAccountKey,
  claims: Readonly<Record<string, string>>,
  nowMs: number,
): string {
  const said = { iss: email, aud: tokenUrl, ...claims }
  return signAssertion(signer, { claims: said, nowMs, lifeSeconds: ASSERTION_SECONDS })
}

/** What the parser says would quote the key. */
function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {}
  throw new Error('this is no JSON object: a key of a service account is the file as it was handed out')
}

function createSigner(pem: unknown, kid: string | undefined): JwsSigner {
  try {
    return new JwsSigner({ ...parsePrivateKey(typeof pem === 'string' ? pem : '', 'RS256'), kid }, 'JWT')
  } catch (error) {
    throw new Error(`\`private_key\`: ${error instanceof Error ? error.message : String(error)}`)
  }
}
