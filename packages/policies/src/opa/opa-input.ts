/** Owns the document that rules of OPA see of a request: `input`. */
import type { ClientCertificate } from '../client-certificate.ts'
import type { Caller, Exchange } from '../exchange.ts'
import type { HeaderList } from '../messages/header-list.ts'

/** The parts that a decision can be remembered by. */
export const INPUT_PARTS = [
  'method',
  'scheme',
  'host',
  'path',
  'parameters',
  'query',
  'headers',
  'caller',
  'client',
  'certificate',
  'route',
] as const
export type InputPart = (typeof INPUT_PARTS)[number]

/** Names, or all but those that usually hold credentials. */
export type NameChoice = 'no-credentials' | readonly string[]

export interface InputChoice {
  readonly headers: NameChoice
  readonly query: NameChoice
}

/** `input`, and the same in parts. All of it is plain data. */
export interface OpaInput {
  readonly request: Readonly<Record<string, unknown>>
  readonly caller: unknown
  readonly client: { readonly address: string; readonly certificate: unknown }
  readonly route: unknown
}

export function compileInput({ headers, query }: InputChoice): (exchange: Exchange) => OpaInput {
  const isHeaderSeen = compileChoice(headers, (name) => name.toLowerCase())
  const isParameterSeen = compileChoice(query, (name) => name)

  return (exchange) => {
    const { request, client, caller, route } = exchange
    const { method, scheme, host, matchedPath, parameters } = request
    return {
      request: {
        method,
        scheme,
        host,
        // The path that was matched: rules that read another would judge another request.
        path: toSegments(matchedPath),
        rawPath: matchedPath,
        parameters: decodeAll(parameters),
        query: toLists(request.search === '' ? [] : request.query, isParameterSeen),
        headers: toFields(request.headers, isHeaderSeen),
      },
      caller: caller === undefined ? null : toCallerFacts(caller),
      client: { address: client.address, certificate: toCertificateFacts(client.certificate) },
      route: {
        ...{ api: route.api, route: route.route, template: route.template },
        ...{ operation: route.operation ?? null, tags: route.tags ?? [], environment: route.environment ?? '' },
      },
    }
  }
}

// JSON.stringify writes halves of a surrogate pair as escapes (ECMAScript §25.5.2.4), and nothing else that begins with `\ud`.
const LONE_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g

/**
 * JSON that every reader takes. Compiled rules see no input at all where theirs does not, and rules that refuse by what they see would
 * let pass: a half of a pair, which a claim may hold, is U+FFFD.
 */
export function toInputText(input: OpaInput): string {
  const text = JSON.stringify(input)
  return text.includes('\\ud') ? text.replace(LONE_SURROGATE, '$1\\ufffd') : text
}

/** What a decision depends on, as text. */
export function toKeyText(input: OpaInput, by: readonly InputPart[]): string {
  return JSON.stringify(by.map((part) => readPart(input, part)))
}

function readPart({ request, caller, client, route }: OpaInput, part: InputPart): unknown {
  switch (part) {
    case 'caller':
      return caller
    case 'client':
      return client.address
    case 'certificate':
      return client.certificate
    case 'route':
      return route
    case 'path':
      return request.rawPath
    default:
      return request[part]
  }
}

// Where credentials are usually sent, and words that their names are usually made of.
const CREDENTIAL =
  /^(?:authorization|proxy-authorization|cookie2?|dpop|client-cert(?:-chain)?|.*[-.](?:ssl|client)-cert.*|code|sig)$|(?:^|-)(?:x-)?(?:api)?-?(?:keys?|tokens?|secrets?|passwords?|passwd|passphrase|auth|session|sessionid|sid|signature|credentials?|assertion|jwt|otp|csrf|xsrf)(?:-|$)/

/** Does a field or parameter of this name usually hold a credential? `_`, `.` and capitals make no other name of it. */
export function isCredentialName(name: string): boolean {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[_.]/g, '-')
  return CREDENTIAL.test(plain) || CREDENTIAL.test(plain.replaceAll('-', ''))
}

function compileChoice(choice: NameChoice, normal: (name: string) => string): (name: string) => boolean {
  if (choice !== 'no-credentials') {
    const names = new Set(choice.map(normal))
    return (name) => names.has(normal(name))
  }
  // Names are mostly the same ones: each is looked at once.
  const seen = new Map<string, boolean>()
  return (name) => {
    let isSeen = seen.get(name)
    if (isSeen === undefined) {
      isSeen = !isCredentialName(name)
      if (seen.size >= MOST_NAMES) seen.clear()
      seen.set(name, isSeen)
    }
    return isSeen
  }
}

const MOST_NAMES = 1024

/** `/a/b%2Fc` is `["a", "b/c"]`: an escaped slash divides nothing. A slash at the end leaves an empty segment. */
function toSegments(path: string): string[] {
  return path === '/' ? [] : path.replace(/^\//, '').split('/').map(decode)
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // Escapes that are no UTF-8 have no text to be decoded to.
    return text
  }
}

/** Without a prototype, so that a name such as `__proto__` is one. */
function toRecord<Value>(): Record<string, Value> {
  return Object.create(null)
}

function decodeAll(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const decoded = toRecord<string>()
  for (const [name, value] of Object.entries(parameters)) decoded[name] = decode(value)
  return decoded
}

function toLists(
  pairs: Iterable<readonly [string, string]>,
  isSeen: (name: string) => boolean,
): Record<string, string[]> {
  const lists = toRecord<string[]>()
  for (const [name, value] of pairs) {
    if (!isSeen(name)) continue
    const list = lists[name]
    if (list === undefined) lists[name] = [value]
    else list.push(value)
  }
  return lists
}

/** Fields that come twice are one text (RFC 9110 §5.3): rules that compare it find it to be neither of the two. */
function toFields(headers: HeaderList, isSeen: (name: string) => boolean): Record<string, string> {
  const fields = toRecord<string>()
  for (const [name, value] of headers) {
    if (!isSeen(name)) continue
    const lower = name.toLowerCase()
    const earlier = fields[lower]
    fields[lower] = earlier === undefined ? value : `${earlier}, ${value}`
  }
  return fields
}

function toCallerFacts({ id, app, plan, scopes, groups, claims, credential }: Caller): object {
  return {
    ...{ id, app: app ?? null, plan: plan ?? null, scopes: scopes ?? [], groups: groups ?? [], claims: claims ?? {} },
    credential: { kind: credential.kind },
  }
}

function toCertificateFacts(certificate: ClientCertificate | undefined): object | null {
  if (certificate === undefined) return null
  const { subjectText, issuerText, subject, serial, fingerprint, dnsNames, uris, emails } = certificate
  return {
    ...{ subject: subjectText, issuer: issuerText, commonName: subject.CN?.[0] ?? '' },
    ...{ serial, fingerprint, dnsNames, uris, emails },
  }
}
