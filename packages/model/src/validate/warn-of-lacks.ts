/** Owns the warnings of what a whole configuration lacks: without it, it runs and is of no use. */
import { hasFaults, type Path } from '../finding.ts'
import type { GatewayModel, PolicyUse } from '../gateway-model.ts'
import { findNestedLists, type PolicyNeed } from './catalogue.ts'
import { listUsedNames } from './live-routes.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
import type { Validation } from './validation.ts'
import { warnOfIdleTls } from './warn-of-idle-tls.ts'
import { letsAnonymousPass } from './warn-of-vain-anonymous.ts'

/** After all other checks: where there is a fault, what is lacking may be what the fault left out. */
export function warnOfLacks(validation: Validation): void {
  if (validation.options.isWhole !== true || hasFaults(validation.findings)) return
  if (validation.model.apis.length === 0 && validation.options.isFed !== true) {
    validation.warn([], {
      code: 'no-apis',
      message: 'There are no APIs: every request is answered with 404.',
      suggestion: 'Add one: `apis: [{ id: orders, upstream: "http://127.0.0.1:9001" }]`.',
    })
  }
  warnOfMissingKeys(validation)
  warnOfMissingUsers(validation)
  warnOfMissingCertificates(validation)
  warnOfIdleTls(validation)
}

/** Once, at the first use: a key is what is missing, and not something about the use. */
function warnOfMissingKeys(validation: Validation): void {
  const { apps = [], isFed = false } = validation.options
  if (isFed || apps.some(({ keys }) => keys.some(({ enabled }) => enabled !== false))) return
  const first = findFirstInNeed(validation, 'app-keys')
  if (first === undefined) return
  validation.warn(first.path, {
    code: 'nobody-has-a-key',
    message: `"${first.use.policy}" lets nobody pass: no app has a key that is switched on.`,
    suggestion: 'Add one to `apps`: `{ id: acme, keys: [{ hash: "sha256:…" }] }` (docs/how-to/hash-a-key.md).',
  })
}

function warnOfMissingUsers(validation: Validation): void {
  const { apps = [] } = validation.options
  if (apps.some(({ users = [] }) => users.some(({ enabled }) => enabled !== false))) return
  const first = findFirstInNeed(validation, 'app-users')
  if (first === undefined) return
  validation.warn(first.path, {
    code: 'nobody-has-a-password',
    message: `"${first.use.policy}" lets nobody pass: no app has a user that is switched on.`,
    suggestion: 'Add one to an app: `users: [{ name: ann, passwordHash: "$argon2id$…" }]` (`gatewright key password`).',
  })
}

function warnOfMissingCertificates(validation: Validation): void {
  const { listeners } = validation.model
  const isAsked = listeners.some(
    ({ enabled, tls }) =>
      enabled !== false &&
      tls !== undefined &&
      [tls, ...tls.hosts].some(({ clientCertificates }) => clientCertificates !== undefined),
  )
  const first = isAsked ? undefined : findFirstInNeed(validation, 'client-certificates')
  if (first === undefined) return
  validation.warn(first.path, {
    code: 'nobody-asks-for-certificates',
    message: `"${first.use.policy}" never sees a certificate: no listener asks its clients for one.`,
    suggestion: 'Add `tls: { clientCertificates: { ca: ./ca.pem } }` to a listener, or to one of its `tls.hosts`.',
  })
}

function findFirstInNeed(validation: Validation, need: PolicyNeed): PlacedUse | undefined {
  const { model, entries } = validation
  // Most have none: then none of the many uses is looked at.
  if (![...listUsedNames(validation)].some((name) => entries.get(name)?.needs === need)) return undefined
  return listUses(model).find(({ use }) => isInNeed(use, { entries, need }))
}

/** One that has others to try is in need where all of those are. */
function isInNeed(
  use: PolicyUse,
  question: { readonly entries: Validation['entries']; readonly need: PolicyNeed },
): boolean {
  if (letsAnonymousPass(use)) return false
  const entry = question.entries.get(use.policy)
  const nested = findNestedLists(entry?.lists, use.options).flatMap(({ uses }) => uses)
  if (nested.length > 0) return nested.every((inner) => isInNeed(inner, question))
  return entry?.needs === question.need
}

/** All that are switched on, each where it is written. */
function listUses({ policies, apis }: GatewayModel): PlacedUse[] {
  const place = (uses: readonly PolicyUse[], path: Path): PlacedUse[] => placeUses(uses, [...path, 'policies'])
  const placed = place(policies, [])
  for (const [index, api] of apis.entries()) {
    if (api.enabled === false) continue
    placed.push(...place(api.policies, ['apis', index]))
    for (const [at, release] of api.releases.entries()) {
      const path: Path = ['apis', index, 'releases', at]
      placed.push(...place(release.policies, path))
      for (const [position, route] of release.routes.entries()) {
        if (route.enabled !== false) placed.push(...place(route.policies, [...path, 'routes', position]))
      }
    }
  }
  return placed
}
