/** Owns the operations of the admin API. Generated from its OpenAPI document by `npm run client`: change the routes, not this. */

import type { ApiBody, EnvironmentBody, TeamBody, RoleBody, TeamRuleBody, Match } from './schemas.generated.ts'

export interface Operations {

/** Makes the first account, which may everything, with the secret of the link that the start has printed. */
readonly setUp: { readonly body: { readonly "secret": string; readonly "email": string; readonly "name": string; readonly "password": string }; readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** Begins a session, whose cookie is set. */
readonly logIn: { readonly body: { readonly "email": string; readonly "password": string }; readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** Ends the session of the cookie. */
readonly logOut: { readonly answer: undefined }

/** Who asks, and what they may. */
readonly getMe: { readonly answer: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "actor": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; readonly "csrfToken"?: string } }

/** Your own tokens. */
readonly listMyTokens: { readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string; 
/** RFC 3339, UTC. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string })[] } }

/** Makes a token with which programs may what you may, or less. It is shown now, and never again. */
readonly issueMyToken: { readonly body: { readonly "name": string; readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; readonly "expiresAt"?: string }; readonly answer: { readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string; 
/** RFC 3339, UTC. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; readonly "value": string } }

/** Ends one of your tokens: it is refused from now on. */
readonly endMyToken: { readonly params: { readonly uid: string }; readonly answer: undefined }

/** Those of the kind API that you may see, in pages. */
readonly listApis: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": ApiBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One API. */
readonly getApi: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": ApiBody } }

/** Makes one API, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putApi: { readonly params: { readonly team: string; readonly id: string }; readonly body: ApiBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": ApiBody } }

/** Removes one API, where nobody needs it. What it was stays in its history. */
readonly removeApi: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one API was, the newest first. */
readonly listApiVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: ApiBody })[] } }

/** Those of the kind environment that you may see, in pages. */
readonly listEnvironments: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": EnvironmentBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One environment. */
readonly getEnvironment: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": EnvironmentBody } }

/** Makes one environment, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putEnvironment: { readonly params: { readonly id: string }; readonly body: EnvironmentBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": EnvironmentBody } }

/** Removes one environment, where nobody needs it. What it was stays in its history. */
readonly removeEnvironment: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one environment was, the newest first. */
readonly listEnvironmentVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: EnvironmentBody })[] } }

/** Those of the kind team that you may see, in pages. */
readonly listTeams: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One team. */
readonly getTeam: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamBody } }

/** Makes one team, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putTeam: { readonly params: { readonly id: string }; readonly body: TeamBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamBody } }

/** Removes one team, where nobody needs it. What it was stays in its history. */
readonly removeTeam: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one team was, the newest first. */
readonly listTeamVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: TeamBody })[] } }

/** Those of the kind role that you may see, in pages. */
readonly listRoles: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": RoleBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One role. */
readonly getRole: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": RoleBody } }

/** Makes one role, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putRole: { readonly params: { readonly id: string }; readonly body: RoleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": RoleBody } }

/** Removes one role, where nobody needs it. What it was stays in its history. */
readonly removeRole: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one role was, the newest first. */
readonly listRoleVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: RoleBody })[] } }

/** Those of the kind rule that you may see, in pages. */
readonly listRules: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One rule. */
readonly getRule: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody } }

/** Makes one rule, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putRule: { readonly params: { readonly id: string }; readonly body: TeamRuleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody } }

/** Removes one rule, where nobody needs it. What it was stays in its history. */
readonly removeRule: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one rule was, the newest first. */
readonly listRuleVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: TeamRuleBody })[] } }

/** Those of the kind rule of a team that you may see, in pages. */
readonly listTeamRules: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One rule of a team. */
readonly getTeamRule: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody } }

/** Makes one rule of a team, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putTeamRule: { readonly params: { readonly team: string; readonly id: string }; readonly body: TeamRuleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody } }

/** Removes one rule of a team, where nobody needs it. What it was stays in its history. */
readonly removeTeamRule: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one rule of a team was, the newest first. */
readonly listTeamRuleVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: TeamRuleBody })[] } }

/** The OpenAPI document of an API, as it was written. */
readonly getDocument: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly revision?: number }; readonly answer: { 
/** SHA-256 of the text: what `document` of the API says. */
readonly "hash": string; readonly "text": string } }

/** Gives an API a document, and changes nothing else that it says. What the document adds are its operations. */
readonly putDocument: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** YAML or JSON, as it was written. */
readonly "text": string }; readonly answer: { readonly "version": number; readonly "hash": string; readonly "findings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string })[] } }

/** Makes an API of an OpenAPI document, or merges a newer document into the draft: what people wrote stays, and follows operations to their new names. */
readonly importDocument: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** YAML or JSON, as it was written. */
readonly "text": string }; readonly answer: { 
/** Of the API. */
readonly "version": number; readonly "isNew": boolean; 
/** Against what was there; none for a new API. */
readonly "changes": readonly ({ readonly "kind": "added" | "removed" | "changed"; 
/** `API`, `route getOrder`, `schema Order`, `document`, `environment`. */
readonly "what": string; 
/** Within that; empty for all of it. */
readonly "path": string; 
/** One line for people. */
readonly "text": string; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** What could not be taken over, or was guessed. */
readonly "findings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string })[] } }

/** An API as an OpenAPI document: for callers, or with all that Gatewright knows of it, to be imported again. */
readonly exportDocument: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly extensions?: "true" | "false"; readonly revision?: number; readonly environment?: string }; readonly answer: { readonly "text": string } }

/** Revisions of an API, the newest first. */
readonly listRevisions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number; readonly below?: number }; readonly answer: { readonly "items": readonly ({ 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string })[] } }

/** Makes a revision of what the API says now. Where nothing has changed since the newest one, that is answered. */
readonly makeRevision: { readonly params: { readonly team: string; readonly id: string }; readonly body: { readonly "message"?: string }; readonly answer: { 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string } }

/** An API as it was when this revision was made. */
readonly getRevision: { readonly params: { readonly team: string; readonly id: string; readonly number: number }; readonly answer: { 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; readonly "body": ApiBody } }

/** What is another in one form of an API than in the next, and what callers would notice. Between two environments also what these bring. */
readonly diffApi: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly from: string; readonly to?: string }; readonly answer: { readonly "changes": readonly ({ readonly "kind": "added" | "removed" | "changed"; 
/** `API`, `route getOrder`, `schema Order`, `document`, `environment`. */
readonly "what": string; 
/** Within that; empty for all of it. */
readonly "path": string; 
/** One line for people. */
readonly "text": string; readonly "before"?: unknown; readonly "after"?: unknown })[]; readonly "breaking": readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[] } }

/** What is live of an API in an environment. */
readonly getDeployment: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string } }

/** What was live, the newest first. */
readonly listDeploymentVersions: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string })[] } }

/** Makes a revision of what the API says now, and gives it all of its traffic here. Answered when the gateway of this process serves it. */
readonly publish: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** Instead of what it says now. */
readonly "revision"?: number }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives all traffic here to the revision that is live in another environment; not to one that is only tried there. A dry run shows what is another here, in the environment too. */
readonly promote: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Id of that environment. */
readonly "from": string; 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string } }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Brings back what was live before the last change, or at a version. Rules and callers are not asked: it was live. */
readonly rollBack: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** A version of what was live. */
readonly "to"?: number; 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives a part of the traffic to another revision. A second time it gives another part. */
readonly startCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** The draft as it is now, where none is said. */
readonly "revision"?: number; 
/** Percent of the requests. */
readonly "share"?: number; 
/** CEL: requests for which it is true get it. */
readonly "when"?: string; 
/** Apps that get it, whatever else is said: `web` of the API’s team, or `shop/web`. */
readonly "apps"?: readonly (string)[]; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives all traffic to the canary. */
readonly promoteCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Takes the traffic of the canary back. */
readonly abortCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Takes the API out of the environment. What was live stays in its versions. */
readonly takeOut: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Lets a revision be called here by who brings its token as `Gatewright-Preview`, and by nobody else. The token is shown once; for a revision that has one already, it is another. */
readonly startPreview: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** The draft as it is now, where none is said. */
readonly "revision"?: number; 
/** In a week if absent; within 90 days. */
readonly "expires"?: string }; readonly answer: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Ends previews at once. It waits for nobody: what is live stays as it is. */
readonly endPreview: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly revision?: number }; readonly answer: undefined }

/** What is live in an environment, of the teams that you may see, in pages. */
readonly listLiveApis: { readonly params: { readonly environment: string }; readonly query: { readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; readonly "team": string; readonly "api": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** Where an API is live, and with which revisions. */
readonly listLiveEnvironments: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { readonly "items": readonly ({ 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; readonly "environment": string })[] } }

/** What waits, or waited, to go live in protected environments; what something became of last stands first. */
readonly listChanges: { readonly query: { readonly state?: "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly limit?: number; readonly below?: number }; readonly answer: { readonly "items": readonly ({ readonly "environment": string; readonly "team": string; readonly "api": string; 
/** From 1, within what is live of an API in an environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; 
/** What is to be live. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** The version of what was live when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "askedBy": string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number })[] } }

/** A change that waits, or waited: who asked, for what, and who has approved it. */
readonly getChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly answer: { readonly "environment": string; readonly "team": string; readonly "api": string; 
/** From 1, within what is live of an API in an environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; 
/** What is to be live. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** The version of what was live when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "askedBy": string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Lets a change through. With the last approval that it needs it is judged and checked again, and done; else it goes on waiting. */
readonly approveChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "change": { readonly "environment": string; readonly "team": string; readonly "api": string; 
/** From 1, within what is live of an API in an environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; 
/** What is to be live. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** The version of what was live when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "askedBy": string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number }; readonly "deployment"?: { 
/** One more with each change of what is live; it is the `ETag`. */
readonly "version": number; 
/** None: the API is not in this environment any more. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** Of rules that are broken, and do not keep it from being live. */
readonly "warnings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string; 
/** Id of the rule. */
readonly "rule": string })[]; 
/** Its number, with the status 202: others have to approve it. Nothing is live yet; what is told is what would be. */
readonly "change"?: number; 
/** What opens the preview, as the field `Gatewright-Preview`. It is shown once. */
readonly "preview"?: { readonly "token": string; readonly "revision": number; 
/** RFC 3339, UTC. */
readonly "expires": string }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; readonly "state": "serves" | "waits" | "failed"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } } }

/** Keeps a change from being done. */
readonly refuseChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; readonly "team": string; readonly "api": string; 
/** From 1, within what is live of an API in an environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; 
/** What is to be live. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** The version of what was live when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "askedBy": string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Takes a change back that you have asked for. */
readonly withdrawChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; readonly "team": string; readonly "api": string; 
/** From 1, within what is live of an API in an environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy"; 
/** What is to be live. */
readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** The version of what was live when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "askedBy": string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, or `system`. */
readonly "by": string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }
}

export const OPERATIONS: { readonly [N in keyof Operations]: { readonly method: string; readonly path: string } } = {
setUp: { method: 'POST', path: '/api/v1/set-up' },
logIn: { method: 'POST', path: '/api/v1/login' },
logOut: { method: 'POST', path: '/api/v1/logout' },
getMe: { method: 'GET', path: '/api/v1/me' },
listMyTokens: { method: 'GET', path: '/api/v1/me/tokens' },
issueMyToken: { method: 'POST', path: '/api/v1/me/tokens' },
endMyToken: { method: 'DELETE', path: '/api/v1/me/tokens/{uid}' },
listApis: { method: 'GET', path: '/api/v1/apis' },
getApi: { method: 'GET', path: '/api/v1/apis/{team}/{id}' },
putApi: { method: 'PUT', path: '/api/v1/apis/{team}/{id}' },
removeApi: { method: 'DELETE', path: '/api/v1/apis/{team}/{id}' },
listApiVersions: { method: 'GET', path: '/api/v1/apis/{team}/{id}/versions' },
listEnvironments: { method: 'GET', path: '/api/v1/environments' },
getEnvironment: { method: 'GET', path: '/api/v1/environments/{id}' },
putEnvironment: { method: 'PUT', path: '/api/v1/environments/{id}' },
removeEnvironment: { method: 'DELETE', path: '/api/v1/environments/{id}' },
listEnvironmentVersions: { method: 'GET', path: '/api/v1/environments/{id}/versions' },
listTeams: { method: 'GET', path: '/api/v1/teams' },
getTeam: { method: 'GET', path: '/api/v1/teams/{id}' },
putTeam: { method: 'PUT', path: '/api/v1/teams/{id}' },
removeTeam: { method: 'DELETE', path: '/api/v1/teams/{id}' },
listTeamVersions: { method: 'GET', path: '/api/v1/teams/{id}/versions' },
listRoles: { method: 'GET', path: '/api/v1/roles' },
getRole: { method: 'GET', path: '/api/v1/roles/{id}' },
putRole: { method: 'PUT', path: '/api/v1/roles/{id}' },
removeRole: { method: 'DELETE', path: '/api/v1/roles/{id}' },
listRoleVersions: { method: 'GET', path: '/api/v1/roles/{id}/versions' },
listRules: { method: 'GET', path: '/api/v1/rules' },
getRule: { method: 'GET', path: '/api/v1/rules/{id}' },
putRule: { method: 'PUT', path: '/api/v1/rules/{id}' },
removeRule: { method: 'DELETE', path: '/api/v1/rules/{id}' },
listRuleVersions: { method: 'GET', path: '/api/v1/rules/{id}/versions' },
listTeamRules: { method: 'GET', path: '/api/v1/team-rules' },
getTeamRule: { method: 'GET', path: '/api/v1/team-rules/{team}/{id}' },
putTeamRule: { method: 'PUT', path: '/api/v1/team-rules/{team}/{id}' },
removeTeamRule: { method: 'DELETE', path: '/api/v1/team-rules/{team}/{id}' },
listTeamRuleVersions: { method: 'GET', path: '/api/v1/team-rules/{team}/{id}/versions' },
getDocument: { method: 'GET', path: '/api/v1/apis/{team}/{id}/document' },
putDocument: { method: 'PUT', path: '/api/v1/apis/{team}/{id}/document' },
importDocument: { method: 'POST', path: '/api/v1/apis/{team}/{id}/import' },
exportDocument: { method: 'GET', path: '/api/v1/apis/{team}/{id}/export' },
listRevisions: { method: 'GET', path: '/api/v1/apis/{team}/{id}/revisions' },
makeRevision: { method: 'POST', path: '/api/v1/apis/{team}/{id}/revisions' },
getRevision: { method: 'GET', path: '/api/v1/apis/{team}/{id}/revisions/{number}' },
diffApi: { method: 'GET', path: '/api/v1/apis/{team}/{id}/diff' },
getDeployment: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}' },
listDeploymentVersions: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}/versions' },
publish: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/publish' },
promote: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/promote' },
rollBack: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/rollback' },
startCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary' },
promoteCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary/promote' },
abortCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary/abort' },
takeOut: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/take-out' },
startPreview: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/preview' },
endPreview: { method: 'DELETE', path: '/api/v1/environments/{environment}/apis/{team}/{id}/preview' },
listLiveApis: { method: 'GET', path: '/api/v1/environments/{environment}/live' },
listLiveEnvironments: { method: 'GET', path: '/api/v1/apis/{team}/{id}/live' },
listChanges: { method: 'GET', path: '/api/v1/changes' },
getChange: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}' },
approveChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/approve' },
refuseChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/refuse' },
withdrawChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/withdraw' },
}
