/** Owns who issues temporary keys of AWS: how they are asked, and what their answers say. What cannot be read is a fault of who answered. */
import { parseObject, toSenseless } from '../../calls/json-answer.ts'
import type { HttpCalls } from '../../services.ts'
import type { Issued } from '../issued/fetched-credential.ts'
import { askIssuer, toUrlBelow } from '../issued/issuer-call.ts'

export const ACCESS_KEY_ID = /^[\w.@-]{1,128}$/
/** Printable and without spaces: session tokens stand in fields. */
export const SECRET_WORD = /^[\x21-\x7e]+$/

export interface IssuedKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

interface ContainerCall {
  readonly url: string
  readonly token: string | undefined
  readonly timeoutMs: number
}

/** AWS SDKs and Tools Reference Guide, "Container credential provider". */
export async function askContainer(
  { url, token, timeoutMs }: ContainerCall,
  http: HttpCalls,
): Promise<Issued<IssuedKeys>> {
  const headers = token === undefined ? [] : [['Authorization', token] as const]
  const { body } = await askIssuer(http, { url, headers, timeoutMs })
  return toKeys(parseObject(body))
}

interface InstanceCall {
  readonly metadataUrl: string
  readonly role?: string | undefined
  readonly timeoutMs: number
}

/** It is asked for with each set of keys, and used for two calls. */
const METADATA_TOKEN_SECONDS = 60
const ROLES = '/latest/meta-data/iam/security-credentials/'

/** Amazon EC2 User Guide, "Use the Instance Metadata Service": version 2 only, so nobody is asked without a token. */
export async function askInstance(
  { metadataUrl, role, timeoutMs }: InstanceCall,
  http: HttpCalls,
): Promise<Issued<IssuedKeys>> {
  const { body: answer } = await askIssuer(http, {
    url: toUrlBelow(metadataUrl, '/latest/api/token'),
    method: 'PUT',
    headers: [['X-aws-ec2-metadata-token-ttl-seconds', `${METADATA_TOKEN_SECONDS}`]],
    timeoutMs,
  })
  const token = getText(answer.toString('latin1').trim(), SECRET_WORD, 'no-metadata-token')
  const look = async (path: string): Promise<Buffer> => {
    const { body } = await askIssuer(http, {
      url: toUrlBelow(metadataUrl, path),
      headers: [['X-aws-ec2-metadata-token', token]],
      timeoutMs,
    })
    return body
  }
  const name = role ?? toRole(await look(ROLES))
  return toKeys(parseObject(await look(ROLES + encodeURIComponent(name))))
}

function toRole(answer: Buffer): string {
  const [line = ''] = answer.toString('latin1').trim().split('\n', 1)
  return getText(line.trim(), /^[\w+=,.@-]{1,64}$/, 'no-role')
}

interface StsCall {
  readonly url: string
  readonly token: string
  readonly roleArn: string
  readonly sessionName: string
  readonly durationSeconds: number
  readonly timeoutMs: number
}

/** AWS STS API Reference, "AssumeRoleWithWebIdentity". In the body of a POST, because URLs are written into logs. */
export async function askSts(call: StsCall, http: HttpCalls): Promise<Issued<IssuedKeys>> {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: call.roleArn,
    RoleSessionName: call.sessionName,
    DurationSeconds: `${call.durationSeconds}`,
    WebIdentityToken: call.token,
  })
  const { body: answer } = await askIssuer(http, {
    url: call.url,
    method: 'POST',
    headers: [
      ['Accept', 'application/json'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
    body: form.toString(),
    timeoutMs: call.timeoutMs,
  })
  return toKeys(readStsAnswer(answer))
}

/** JSON was asked for; what speaks only this API's usual XML, as copies of STS do, is understood as well. */
function readStsAnswer(answer: Buffer): Readonly<Record<string, unknown>> {
  const text = answer.toString('utf8')
  if (!text.trimStart().startsWith('<')) {
    return getMember(
      parseObject(answer),
      'AssumeRoleWithWebIdentityResponse',
      'AssumeRoleWithWebIdentityResult',
      'Credentials',
    )
  }
  const credentials = findElement(text, 'Credentials') ?? ''
  const found = ['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'].map((name) => [
    name,
    findElement(credentials, name),
  ])
  return Object.fromEntries(found)
}

function getMember(object: Readonly<Record<string, unknown>>, ...path: string[]): Readonly<Record<string, unknown>> {
  let at: unknown = object
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  if (!isObject(at)) throw toSenseless('no-keys')
  return at
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** No element of these has attributes, or what would be escaped: an answer with such is not understood. */
function findElement(text: string, name: string): string | undefined {
  const start = text.indexOf(`<${name}>`)
  const end = text.indexOf(`</${name}>`, start)
  return start < 0 || end < 0 ? undefined : text.slice(start + name.length + 2, end).trim()
}

/** All three say the same, with two names for the token. */
function toKeys(answer: Readonly<Record<string, unknown>>): Issued<IssuedKeys> {
  const { Code: code, Expiration: expiration } = answer
  if (code !== undefined && code !== 'Success') throw toSenseless('no-keys')
  const token = answer.SessionToken ?? answer.Token
  return {
    value: {
      accessKeyId: getText(answer.AccessKeyId, ACCESS_KEY_ID, 'no-keys'),
      secretAccessKey: getText(answer.SecretAccessKey, SECRET_WORD, 'no-keys'),
      ...(token !== undefined && token !== null && { sessionToken: getText(token, SECRET_WORD, 'no-keys') }),
    },
    endsAtMs: toMoment(expiration),
  }
}

/** In words (RFC 3339), or in JSON of STS as seconds since the epoch. */
function toMoment(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const atMs =
    typeof value === 'number'
      ? value * 1000
      : typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
        ? Date.parse(value)
        : Number.NaN
  if (!Number.isFinite(atMs)) throw toSenseless('token-end')
  return atMs
}

function getText(value: unknown, form: RegExp, reason: string): string {
  if (typeof value !== 'string' || !form.test(value)) throw toSenseless(reason)
  return value
}
