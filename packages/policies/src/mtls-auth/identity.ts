/** Owns what a certificate says about who shows it: which of its names counts, whose it is, and whether its CA may say so. */

import { hash } from 'node:crypto'
import type { ClientCertificate } from '../client-certificate.ts'
import { Problem } from '../problem.ts'
import { compileNamePattern, type NameKind, toComparedName } from './name-pattern.ts'

export interface IdentityOptions {
  readonly by: NameKind
  readonly allow?: readonly string[] | undefined
  readonly apps: readonly { readonly name: string; readonly app: string; readonly plan?: string | undefined }[]
  readonly unlisted?: 'refuse' | 'name' | 'app' | undefined
  readonly issuers?: readonly Readonly<Record<string, string>>[] | undefined
  readonly intermediates?: readonly string[] | undefined
}

export type Identity =
  | { readonly refusal: Problem }
  | {
      readonly name: string
      readonly app: string | undefined
      /** As `apps` says it. */
      readonly plan: string | undefined
    }

export function compileIdentity(options: IdentityOptions): (certificate: ClientCertificate) => Identity {
  const { by, allow, apps, unlisted = apps.length > 0 ? 'refuse' : 'name' } = options
  const allowed = allow?.map((pattern) => compileNamePattern(pattern, by))
  const listed = apps.map(({ name, app, plan }) => ({ matches: compileNamePattern(name, by), app, plan }))
  const isIssuerGood = compileIssuers(options)

  return (certificate) => {
    if (!isIssuerGood(certificate)) return refuse('issuer')
    const all = readNames(certificate, by)
    if (all.length === 0) return refuse('no-name')
    const names = all.filter(
      (name) =>
        (allowed?.some((matches) => matches(name)) ?? true) &&
        (unlisted !== 'refuse' || listed.some(({ matches }) => matches(name))),
    )
    const [name] = names
    if (name === undefined) return refuse('name')
    // Two who could be meant are nobody: whoever issues would choose one, and we another.
    if (names.length > 1) return refuse('two-names')
    // Names go into records, fields and policies' texts; no honest one holds a control character (CVE-2009-2408).
    if (/[\x00-\x1f\x7f]/.test(name)) return refuse('control-character')
    // Any of many is nobody.
    if (by === 'san-dns' && name.includes('*')) return refuse('wildcard')
    const found = listed.find(({ matches }) => matches(name))
    if (found !== undefined) return { name, app: found.app, plan: found.plan }
    return { name, app: unlisted === 'app' ? name : undefined, plan: undefined }
  }
}

/** Each once, in the form in which they are compared. */
function readNames(certificate: ClientCertificate, by: NameKind): string[] {
  const names = {
    'subject-cn': () => (Object.hasOwn(certificate.subject, 'CN') ? (certificate.subject.CN ?? []) : []),
    'san-dns': () => certificate.dnsNames,
    'san-uri': () => certificate.uris,
    'san-email': () => certificate.emails,
    fingerprint: () => [certificate.fingerprint],
  }[by]()
  return [...new Set(names.filter((name) => name !== '').map((name) => toComparedName(name, by)))]
}

function compileIssuers({ issuers, intermediates }: IdentityOptions): (certificate: ClientCertificate) => boolean {
  const fingerprints = intermediates && new Set(intermediates.map((each) => toComparedName(each, 'fingerprint')))
  return ({ issuer, chainDer }) => {
    if (issuers !== undefined && !issuers.some((attributes) => isNamed(issuer, attributes))) return false
    return fingerprints === undefined || chainDer.some((der) => fingerprints.has(hash('sha256', der)))
  }
}

/** Has it each of these values, perhaps beside others of the attribute (`DC`, `OU`)? */
function isNamed(issuer: ClientCertificate['issuer'], attributes: Readonly<Record<string, string>>): boolean {
  return Object.entries(attributes).every(([attribute, value]) => {
    return Object.hasOwn(issuer, attribute) && issuer[attribute]?.includes(value) === true
  })
}

function refuse(reason: string): Identity {
  return { refusal: toIdentityRefusal(reason) }
}

/** Which names would do, a stranger with a certificate of the same CA is not told. */
export function toIdentityRefusal(reason: string): Problem {
  return new Problem('client-certificate-refused', {
    detail: "The certificate of this connection is not one that may call here. Ask the API's owner which is.",
    reason,
  })
}
