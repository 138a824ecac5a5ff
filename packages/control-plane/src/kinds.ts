/** Owns the list of everything that people name, describe and edit. */

import { roleBodySchema } from './access/role.ts'
import { apiBodySchema } from './apis/api-body.ts'
import { environmentBodySchema } from './environments/environment-body.ts'
import { defineKind, type Kind } from './resources/kind.ts'
import { teamBodySchema } from './teams/team-body.ts'

export const API = defineKind({
  kind: 'api',
  plural: 'apis',
  title: 'API',
  scope: 'team',
  body: apiBodySchema,
  read: 'api:read',
  edit: 'api:edit',
})

export const ENVIRONMENT = defineKind({
  kind: 'environment',
  plural: 'environments',
  title: 'environment',
  scope: 'everywhere',
  body: environmentBodySchema,
  read: 'environment:read',
  edit: 'environment:edit',
})

export const TEAM = defineKind({
  kind: 'team',
  plural: 'teams',
  title: 'team',
  scope: 'everywhere',
  body: teamBodySchema,
  read: 'team:read',
  edit: 'team:edit',
})

export const ROLE = defineKind({
  kind: 'role',
  plural: 'roles',
  title: 'role',
  scope: 'everywhere',
  body: roleBodySchema,
  read: 'role:read',
  edit: 'role:edit',
})

export const KINDS: readonly Kind[] = [API, ENVIRONMENT, TEAM, ROLE]
