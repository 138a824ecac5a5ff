/** Owns the list of what may be done: a kind of things, and a verb. What stands in no list is nobody's to do. */

const KINDS = [
  'api',
  'environment',
  'plan',
  'product',
  'app',
  'subscription',
  'upstream',
  'policy-list',
  'certificate',
  'secret',
  'team',
  'role',
  'user',
  'token',
  'node',
  'rule',
  'webhook',
  'identity-provider',
  'setting',
] as const

/**
 * `api:publish`: makes revisions and changes what is live (publish, promote, roll back, canary). `api:approve`: lets through what
 * waits for a protected environment. `app:manage`: does with apps of others what `app:edit`, `key:issue` and
 * `subscription:request` allow with one's own. `key:issue`: issues, brings along, rotates and ends. `session:end`: those of others.
 */
const VERBS = [
  'api:publish',
  'api:approve',
  'environment:freeze',
  'app:manage',
  'key:read',
  'key:issue',
  'subscription:request',
  'subscription:approve',
  'audit:read',
  'audit:erase',
  'session:end',
] as const

/** `secret:read` shows names: the value of a secret is shown to nobody. */
export type Permission = `${(typeof KINDS)[number]}:${'read' | 'edit'}` | (typeof VERBS)[number]

export const PERMISSIONS: readonly Permission[] = Object.freeze([
  ...KINDS.flatMap((kind) => [`${kind}:read`, `${kind}:edit`] as const),
  ...VERBS,
])

/** Stands for all that may be done with a kind, also for what a later version adds. */
export type PermissionPattern = Permission | `${string}:*`

const PATTERNS: ReadonlySet<string> = new Set(
  PERMISSIONS.flatMap((permission) => [permission, `${toKind(permission)}:*`]),
)

export function isPermissionPattern(text: string): text is PermissionPattern {
  return PATTERNS.has(text)
}

/** What patterns stand for, each once, in the order of `PERMISSIONS`. */
export function expandPermissions(patterns: readonly PermissionPattern[]): readonly Permission[] {
  const wanted: ReadonlySet<string> = new Set(patterns)
  return PERMISSIONS.filter((permission) => wanted.has(permission) || wanted.has(`${toKind(permission)}:*`))
}

function toKind(permission: Permission): string {
  return permission.slice(0, permission.indexOf(':'))
}
