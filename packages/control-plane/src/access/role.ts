/** Owns what roles are: permissions under a name, those that everybody has and those that people make. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'
import { expandPermissions, isPermissionPattern, PERMISSIONS, type Permission } from './permission.ts'

export interface Role {
  readonly id: string
  readonly title: string
  readonly permissions: readonly Permission[]
}

/** By id. */
export type Roles = ReadonlyMap<string, Role>

const READS = PERMISSIONS.filter((permission) => permission.endsWith(':read'))

/** What an environment says is live at once, so editing it is no editor's. */
const EDITOR: readonly Permission[] = [
  ...READS.filter((permission) => !['audit:read', 'user:read', 'token:read'].includes(permission)),
  'api:edit',
  'plan:edit',
  'product:edit',
  'app:edit',
  'app:manage',
  'upstream:edit',
  'policy-list:edit',
  'certificate:edit',
  'secret:edit',
  'subscription:request',
]

export const OWNER_ROLE = 'owner'

export const BUILT_IN_ROLES: readonly Role[] = [
  { id: OWNER_ROLE, title: 'Owner', permissions: PERMISSIONS },
  { id: 'editor', title: 'Editor', permissions: EDITOR },
  { id: 'publisher', title: 'Publisher', permissions: [...EDITOR, 'api:publish', 'api:approve'] },
  {
    id: 'viewer',
    title: 'Viewer',
    permissions: READS.filter(
      (permission) => !['audit:read', 'user:read', 'token:read', 'secret:read'].includes(permission),
    ),
  },
  {
    id: 'app-developer',
    title: 'App developer',
    permissions: [
      'app:read',
      'app:edit',
      'key:read',
      'key:issue',
      'subscription:read',
      'subscription:request',
      'product:read',
      'plan:read',
      'api:read',
    ],
  },
]

const { title, description, tags, owner } = describedShape

/** A role counts in all teams, so only who may edit roles everywhere may make one: it stands in the team `*`. */
export const roleBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  permissions: z
    .array(
      z.string().refine(isPermissionPattern, {
        error: 'A permission is a kind and a verb, such as "api:read"; "api:*" is all that may be done with APIs.',
      }),
    )
    .min(1)
    .meta({ description: 'What its holders may do. `<kind>:*` is everything that may be done with that kind.' }),
})

/** As people write it. */
export type RoleBody = z.input<typeof roleBodySchema>

export function toRole(id: string, body: RoleBody): Role {
  return {
    id,
    title: body.title ?? id,
    permissions: expandPermissions(body.permissions.filter(isPermissionPattern)),
  }
}

/** With the built-in ones, which nobody replaces by one of the same id. */
export function createRoles(custom: readonly Role[] = []): Roles {
  return new Map([...custom, ...BUILT_IN_ROLES].map((role) => [role.id, role]))
}
