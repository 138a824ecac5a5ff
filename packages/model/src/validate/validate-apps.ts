/** Owns the checks of apps, keys and users: references that lead nowhere, credentials that two apps share, times that never come. */
import { isKeyHash } from '../credentials/key-hash.ts'
import type { Path } from '../finding.ts'
import type { App, Key, User } from '../gateway-model.ts'
import { checkPlan } from './validate-plan-refs.ts'
import { validateKnowsCallers } from './validate-plan-slot.ts'
import { findApi } from './validate-plans.ts'
import type { Validation } from './validation.ts'

/** Where each key and each user stands first. */
interface Owners {
  readonly keys: Map<string, Path>
  readonly users: Map<string, Path>
}

export function validateApps(validation: Validation): void {
  const owners: Owners = { keys: new Map(), users: new Map() }
  for (const [index, app] of (validation.options.apps ?? []).entries())
    checkApp(validation, app, { path: ['apps', index], owners })
  warnOfTellingCosts(validation)
}

/** A name that nobody has is answered after as long as somebody's password takes: where those differ, what is rare among users is less so among strangers. */
function warnOfTellingCosts(validation: Validation): void {
  let first: string | undefined
  for (const [index, { users = [] }] of (validation.options.apps ?? []).entries()) {
    for (const [position, { passwordHash, enabled }] of users.entries()) {
      if (enabled === false) continue
      const cost = toCost(passwordHash)
      first ??= cost
      if (cost === first) continue
      validation.warn(['apps', index, 'users', position, 'passwordHash'], {
        code: 'password-costs-differ',
        message:
          'This password is hashed in another way than that of the first user: the time that a wrong one takes can tell strangers whose names are known.',
        suggestion: 'Hash passwords in one way, as `gatewright key password` does.',
      })
      return
    }
  }
}

/** `$2b$12$…` → `2b 12`, `$argon2id$v=19$m=19456,t=2,p=1$…` → `argon2id m=19456,t=2,p=1`. */
function toCost(passwordHash: string): string {
  const [, kind = '', ...parts] = passwordHash.split('$')
  return kind.startsWith('2') ? `2 ${parts[0]}` : `${kind} ${parts.find((part) => part.includes('m='))}`
}

function checkApp(validation: Validation, app: App, { path, owners }: { path: Path; owners: Owners }): void {
  checkPlan(validation, app.plan, [...path, 'plan'])
  for (const [api, plan] of Object.entries(app.plans ?? {})) checkPlanOf(validation, { api, plan, path })
  for (const [index, key] of app.keys.entries()) {
    const at = [...path, 'keys', index]
    if (!isKeyHash(key.hash)) {
      validation.fault([...at, 'hash'], {
        code: 'invalid-key',
        message: 'The hash of a key has 64 lower-case hex digits, or the name of another hash and its digits.',
      })
    }
    if (key.hash.startsWith('argon2id:')) {
      validation.warn([...at, 'value'], {
        code: 'weak-key',
        message:
          'This key is short or simple enough to be guessed: it is kept under a slow hash, which its first requests wait for.',
        suggestion: 'Give the app one of `gatewright key new`.',
      })
    }
    const first = owners.keys.get(key.hash)
    if (first !== undefined) {
      validation.fault([...at, 'hash'], {
        code: 'duplicate-key-hash',
        message: `This key stands in ${validation.placeText(first)} too: whose requests would be counted?`,
        suggestion: 'Give each app a key of its own.',
      })
    }
    owners.keys.set(key.hash, at)
    checkValidity(validation, key, { path: at, app, what: 'key' })
  }
  for (const [index, user] of (app.users ?? []).entries()) {
    const at = [...path, 'users', index]
    const first = owners.users.get(user.name)
    if (first !== undefined) {
      validation.fault([...at, 'name'], {
        code: 'duplicate-user',
        message: `A user of this name stands in ${validation.placeText(first)} too: whose password would count?`,
        suggestion: 'Give each user a name of their own.',
      })
    }
    owners.users.set(user.name, at)
    checkValidity(validation, user, { path: at, app, what: 'user' })
  }
}

/** For one API: both are there, and go together. */
function checkPlanOf(
  validation: Validation,
  { api, plan: id, path }: { readonly api: string; readonly plan: string; readonly path: Path },
): void {
  const at = [...path, 'plans', api]
  const known = findApi(validation, api, at)
  checkPlan(validation, id, at)
  if (known === undefined) return
  const suggestion = 'Add a policy that authenticates, such as `key-auth`, or take the API out of `plans`.'
  validateKnowsCallers(validation, known, { path: at, suggestion })
  const plan = validation.model.plans.find((each) => each.id === id)
  if (plan?.apis === undefined || plan.apis.some((opened) => opened.api === api)) return
  validation.fault(at, {
    code: 'plan-not-open',
    message: `The plan "${id}" does not open the API "${api}": the app would be refused there.`,
    suggestion: `Add the API to \`apis\` of the plan (${validation.placeText(['plans', validation.model.plans.indexOf(plan)])}), or give the app another plan for it.`,
  })
}

interface Place {
  readonly path: Path
  readonly app: App
  readonly what: 'key' | 'user'
}

function checkValidity(validation: Validation, credential: Key | User, { path, app, what }: Place): void {
  const { plan, notBefore, expires, enabled } = credential
  // One without a plan has its app's, which was checked there.
  if (plan !== app.plan) checkPlan(validation, plan, [...path, 'plan'])
  const { nowMs } = validation.options
  if (expires !== undefined && nowMs !== undefined && expires <= nowMs && enabled !== false) {
    validation.warn([...path, 'expires'], {
      code: `expired-${what}`,
      message: `This ${what} expired at ${new Date(expires).toISOString()}: it is refused.`,
      suggestion: 'Remove it, or give it a later time.',
    })
  }
  if (notBefore !== undefined && expires !== undefined && expires <= notBefore) {
    validation.fault([...path, 'expires'], {
      code: 'never-valid',
      message: `This ${what} expires before it becomes valid.`,
    })
  }
}
