/** Owns the operations of the admin API. Generated from its OpenAPI document by `npm run client`: change the routes, not this. */

import type { ApiBody, EnvironmentBody, UpstreamBody, CertificateBody, PolicyListBody, PlanBody, ProductBody, AppBody, TeamBody, RoleBody, TeamRuleBody, FederationBody, NodeGroupBody, WebhookBody, IdentityProviderBody, Match } from './schemas.generated.ts'

export interface Operations {

/** Makes the first account, which may everything, with the secret of the link that the start has printed. */
readonly setUp: { readonly body: { readonly "secret": string; readonly "email": string; readonly "name": string; readonly "password": string }; readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** Who asks, and what they may. */
readonly getMe: { readonly answer: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "actor": string; readonly "name": string; 
/** Of a token: whose it is, too. */
readonly "fullName"?: string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; readonly "csrfToken"?: string } }

/** Your own tokens. */
readonly listMyTokens: { readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string; 
/** RFC 3339, UTC. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string })[] } }

/** Makes a token with which programs may what you may, or less. It is shown now, and never again. */
readonly issueMyToken: { readonly body: { readonly "name": string; readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; readonly "expiresAt"?: string }; readonly answer: { readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
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

/** Begins a session, whose cookie is set; or says which second factor is still needed. */
readonly logIn: { readonly body: { readonly "email": string; readonly "password": string }; readonly answer: ({ 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string }) | ({ 
/** One of these is still needed: `POST /login/second`. */
readonly "next": readonly ("totp" | "passkey" | "recovery-code")[]; 
/** To be given back with it, within five minutes. */
readonly "challenge": string; 
/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. */
readonly "passkey"?: unknown }) }

/** Gives the second factor of a login that the password has begun. A session begins, whose cookie is set. */
readonly finishLogin: { readonly body: ({ readonly "factor": "totp"; readonly "challenge": string; readonly "code": string }) | ({ readonly "factor": "recovery-code"; readonly "challenge": string; readonly "code": string }) | ({ readonly "factor": "passkey"; readonly "challenge": string; readonly "response": { readonly "id": string; readonly "rawId": string; readonly "type": "public-key"; readonly "clientExtensionResults"?: Readonly<Record<string, unknown>>; readonly "response": { readonly "clientDataJSON": string; readonly "authenticatorData": string; readonly "signature": string; readonly "userHandle"?: string } } }); readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** What a page hands to the browser for a login by passkey alone. */
readonly askForLoginPasskey: { readonly answer: unknown }

/** Begins a session with a passkey, which is both factors in one: the thing, and who unlocks it. */
readonly logInByPasskey: { readonly body: { readonly "response": { readonly "id": string; readonly "rawId": string; readonly "type": "public-key"; readonly "clientExtensionResults"?: Readonly<Record<string, unknown>>; readonly "response": { readonly "clientDataJSON": string; readonly "authenticatorData": string; readonly "signature": string; readonly "userHandle"?: string } } }; readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** Ends the session of the cookie. */
readonly logOut: { readonly answer: undefined }

/** With what you log in. */
readonly getMyFactors: { readonly answer: { readonly "hasPassword": boolean; readonly "hasTotp": boolean; 
/** How many are left. */
readonly "recoveryCodes": number; readonly "passkeys": readonly ({ readonly "id": string; readonly "name": string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string })[] } }

/** Changes your password. Everywhere else you are logged out. */
readonly changeMyPassword: { readonly body: { 
/** Not needed in the first minutes of a login. */
readonly "old"?: string; readonly "new": string; 
/** Ends your tokens as well. */
readonly "endTokens"?: boolean }; readonly answer: undefined }

/** What an app for codes is told. Nothing counts until the first code has proved that it has it. */
readonly offerMyTotp: { readonly answer: { readonly "secret": string; readonly "uri": string; 
/** The link as a QR code: a path of SVG in a square of this size. */
readonly "picture": { readonly "size": number; readonly "path": string }; readonly "challenge": string } }

/** The first code of the app: from now on a login needs one. */
readonly confirmMyTotp: { readonly body: { readonly "challenge": string; readonly "code": string }; readonly answer: { 
/** Each is good once. They are shown now, and never again. */
readonly "recoveryCodes": readonly (string)[] } }

/** A login needs no code by time any more. */
readonly removeMyTotp: { readonly answer: undefined }

/** New codes for paper, in place of those before: for who has lost what they log in with. */
readonly drawMyRecoveryCodes: { readonly answer: { 
/** Each is good once. They are shown now, and never again. */
readonly "recoveryCodes": readonly (string)[] } }

/** What a page hands to the browser to make a passkey. */
readonly offerMyPasskey: { readonly answer: unknown }

/** Keeps the passkey that the browser has made. */
readonly addMyPasskey: { readonly body: { readonly "name": string; readonly "response": { readonly "id": string; readonly "rawId": string; readonly "type": "public-key"; readonly "clientExtensionResults"?: Readonly<Record<string, unknown>>; readonly "response": { readonly "clientDataJSON": string; readonly "attestationObject": string; readonly "transports"?: readonly (string)[] } } }; readonly answer: { readonly "passkey": { readonly "id": string; readonly "name": string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string }; 
/** Each is good once. They are shown now, and never again. */
readonly "recoveryCodes"?: readonly (string)[] } }

/** Nobody logs in with this passkey any more. */
readonly removeMyPasskey: { readonly params: { readonly passkey: string }; readonly answer: undefined }

/** Where you are logged in, the newest first. */
readonly listMySessions: { readonly answer: { readonly "items": readonly ({ readonly "uid": string; 
/** From where it was begun. */
readonly "address": string; 
/** The browser, as it calls itself. */
readonly "agent": string; 
/** With which you ask. */
readonly "isThis": boolean; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** RFC 3339, UTC. */
readonly "lastSeenAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string })[] } }

/** Logs you out everywhere but here. */
readonly endMySessions: { readonly answer: undefined }

/** Logs one of your browsers out. */
readonly endMySession: { readonly params: { readonly uid: string }; readonly answer: undefined }

/** Where somebody is logged in, the newest first. */
readonly listUserSessions: { readonly params: { readonly user: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; 
/** From where it was begun. */
readonly "address": string; 
/** The browser, as it calls itself. */
readonly "agent": string; 
/** With which you ask. */
readonly "isThis": boolean; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** RFC 3339, UTC. */
readonly "lastSeenAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string })[] } }

/** Logs somebody out everywhere. */
readonly endUserSessions: { readonly params: { readonly user: string }; readonly answer: undefined }

/** Logs one browser of somebody out. */
readonly endUserSession: { readonly params: { readonly user: string; readonly uid: string }; readonly answer: undefined }

/** People, by e-mail address, in pages. */
readonly listUsers: { readonly query: { readonly search?: string; readonly state?: "active" | "suspended"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** Makes an account, and a link with which the person sets the password. */
readonly inviteUser: { readonly body: { 
/** By which a person logs in. Nobody else has it, in whatever case. */
readonly "email": string; readonly "name": string; 
/** What the person may do, and where. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass"?: boolean }; readonly answer: { readonly "user": { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string }; readonly "link": { 
/** For the person alone: who has it sets the password. It is shown now, and never again. */
readonly "url": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string } } }

/** One person. */
readonly getUser: { readonly params: { readonly user: string }; readonly answer: { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string } }

/** Makes of a person what is sent. With If-Match it changes only what you have seen. */
readonly putUser: { readonly params: { readonly user: string }; readonly body: { 
/** By which a person logs in. Nobody else has it, in whatever case. */
readonly "email": string; readonly "name": string; 
/** What the person may do, and where. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass"?: boolean }; readonly answer: { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string } }

/** Erases all that tells of a person. What the person has done stays, by a uid that leads nowhere. */
readonly eraseUser: { readonly params: { readonly user: string }; readonly answer: undefined }

/** Shuts a person out at once: sessions end, tokens are refused. */
readonly suspendUser: { readonly params: { readonly user: string }; readonly answer: { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string } }

/** Lets a person in again. */
readonly resumeUser: { readonly params: { readonly user: string }; readonly answer: { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string } }

/** Takes the password away, logs the person out everywhere, and makes a link to set a new one. */
readonly resetUser: { readonly params: { readonly user: string }; readonly body: { 
/** Takes passkeys, the app for codes and codes on paper away too: for who has lost them. */
readonly "secondFactors"?: boolean }; readonly answer: { readonly "user": { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "sso"?: { readonly "issuer": string; readonly "subject": string }; readonly "isBreakGlass": boolean; readonly "state": "active" | "suspended"; readonly "hasPassword": boolean; readonly "hasTotp": boolean; readonly "recoveryCodes": number; 
/** How many. */
readonly "passkeys": number; readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string }; readonly "link": { 
/** For the person alone: who has it sets the password. It is shown now, and never again. */
readonly "url": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string } } }

/** Sets the password of an account, with the secret of its link. */
readonly acceptInvitation: { readonly body: { readonly "secret": string; readonly "password": string }; readonly answer: { 
/** With which to log in now. */
readonly "email": string } }

/** Tokens of teams that you may see, those that ended among them, in pages. */
readonly listTokens: { readonly query: { readonly team?: string; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string; 
/** RFC 3339, UTC. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; readonly "team": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** Makes a token of a team, with grants of its own. It is shown now, and never again. */
readonly issueToken: { readonly params: { readonly team: string }; readonly body: { readonly "name": string; 
/** No more than you have yourself. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; readonly "expiresAt"?: string }; readonly answer: { readonly "uid": string; readonly "name": string; 
/** Its first and last letters. */
readonly "hint": string; 
/** At most these; all of yours if absent. */
readonly "scopes"?: readonly ("api:read" | "api:edit" | "environment:read" | "environment:edit" | "plan:read" | "plan:edit" | "product:read" | "product:edit" | "app:read" | "app:edit" | "subscription:read" | "subscription:edit" | "upstream:read" | "upstream:edit" | "policy-list:read" | "policy-list:edit" | "certificate:read" | "certificate:edit" | "secret:read" | "secret:edit" | "team:read" | "team:edit" | "role:read" | "role:edit" | "user:read" | "user:edit" | "token:read" | "token:edit" | "node:read" | "node:edit" | "rule:read" | "rule:edit" | "webhook:read" | "webhook:edit" | "identity-provider:read" | "identity-provider:edit" | "setting:read" | "setting:edit" | "api:publish" | "api:approve" | "environment:freeze" | "app:manage" | "key:read" | "key:issue" | "subscription:request" | "subscription:approve" | "audit:read" | "audit:erase" | "session:end")[]; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** RFC 3339, UTC. */
readonly "lastUsedAt"?: string; 
/** RFC 3339, UTC. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; readonly "team": string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; readonly "value": string } }

/** Ends a token of a team: it is refused from now on. */
readonly endToken: { readonly params: { readonly team: string; readonly uid: string }; readonly answer: undefined }

/** Who has grants in one team. Those of every team are not among them. */
readonly listMembers: { readonly params: { readonly team: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "email": string; readonly "name": string; readonly "state": "active" | "suspended"; 
/** In this team. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[] })[] } }

/** What a person may do in one team, in place of what it was; nothing takes it away. Who has no account gets a link. */
readonly putMember: { readonly params: { readonly team: string }; readonly body: { 
/** By which a person logs in. Nobody else has it, in whatever case. */
readonly "email": string; 
/** Of who has no account yet. */
readonly "name"?: string; readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[] }; readonly answer: { readonly "member": { readonly "uid": string; readonly "email": string; readonly "name": string; readonly "state": "active" | "suspended"; 
/** In this team. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[] }; readonly "link"?: { 
/** For the person alone: who has it sets the password. It is shown now, and never again. */
readonly "url": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string } } }

/** Gives a token that counts for minutes for one that a platform has signed, such as that of a pipeline. */
readonly federate: { readonly body: { readonly "team": string; 
/** Id of the federation. */
readonly "federation": string; 
/** A JWT of its issuer. */
readonly "token": string }; readonly answer: { readonly "value": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string } }

/** How people log in here. */
readonly listLoginWays: { readonly answer: { readonly "providers": readonly ({ readonly "id": string; readonly "title": string })[]; 
/** A provider is the only way, but for an emergency. */
readonly "isEnforced": boolean } }

/** Where to send the browser, and what it has to bring back. */
readonly beginProviderLogin: { readonly params: { readonly id: string }; readonly answer: { readonly "url": string; readonly "challenge": string } }

/** Begins a session with what the provider has sent the browser back with. */
readonly finishProviderLogin: { readonly body: { 
/** Kept by the page that began: nobody else ends this login. */
readonly "challenge": string; 
/** Of the address, as it came. */
readonly "query": string }; readonly answer: { 
/** Uid. */
readonly "user": string; readonly "name": string; 
/** Changes with the cookie of this session say it as `X-CSRF-Token`. */
readonly "csrfToken": string } }

/** The secret with which the provider knows this control plane. It is kept sealed, and shown to nobody. */
readonly putIdentityProviderSecret: { readonly params: { readonly id: string }; readonly body: { readonly "value": string }; readonly answer: undefined }

/** Those of the kind API that you may see, in pages. */
readonly listApis: { readonly query: { readonly team?: string; readonly owner?: string; readonly family?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": ApiBody }; readonly givesYaml: true }

/** Makes one API, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putApi: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: ApiBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": ApiBody }; readonly takesYaml: true }

/** Removes one API, where nobody needs it. What it was stays in its history. */
readonly removeApi: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one API was, the newest first. */
readonly listApiVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": EnvironmentBody }; readonly givesYaml: true }

/** Makes one environment, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putEnvironment: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: EnvironmentBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": EnvironmentBody }; readonly takesYaml: true }

/** Removes one environment, where nobody needs it. What it was stays in its history. */
readonly removeEnvironment: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one environment was, the newest first. */
readonly listEnvironmentVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: EnvironmentBody })[] } }

/** Those of the kind upstream that you may see, in pages. */
readonly listUpstreams: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": UpstreamBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One upstream. */
readonly getUpstream: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": UpstreamBody }; readonly givesYaml: true }

/** Makes one upstream, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putUpstream: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: UpstreamBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": UpstreamBody }; readonly takesYaml: true }

/** Removes one upstream, where nobody needs it. What it was stays in its history. */
readonly removeUpstream: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one upstream was, the newest first. */
readonly listUpstreamVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: UpstreamBody })[] } }

/** Those of the kind certificate that you may see, in pages. */
readonly listCertificates: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly expiresBefore?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt" | "notAfter" | "-notAfter"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; 
/** Names that it is for. */
readonly "hosts": readonly (string)[]; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** Its end. Absent where gateways order it themselves. */
readonly "notAfter"?: string; 
/** It has to be renewed, or cannot be used yet. */
readonly "warning"?: string; readonly "body": CertificateBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One certificate. */
readonly getCertificate: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; 
/** Names that it is for. */
readonly "hosts": readonly (string)[]; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** Its end. Absent where gateways order it themselves. */
readonly "notAfter"?: string; 
/** It has to be renewed, or cannot be used yet. */
readonly "warning"?: string; readonly "body": CertificateBody }; readonly givesYaml: true }

/** Makes one certificate, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putCertificate: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: CertificateBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; 
/** Names that it is for. */
readonly "hosts": readonly (string)[]; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** Its end. Absent where gateways order it themselves. */
readonly "notAfter"?: string; 
/** It has to be renewed, or cannot be used yet. */
readonly "warning"?: string; readonly "body": CertificateBody }; readonly takesYaml: true }

/** Removes one certificate, where nobody needs it. What it was stays in its history. */
readonly removeCertificate: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one certificate was, the newest first. */
readonly listCertificateVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: CertificateBody })[] } }

/** Those of the kind policy list that you may see, in pages. */
readonly listPolicyLists: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PolicyListBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One policy list. */
readonly getPolicyList: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PolicyListBody }; readonly givesYaml: true }

/** Makes one policy list, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putPolicyList: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: PolicyListBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PolicyListBody }; readonly takesYaml: true }

/** Removes one policy list, where nobody needs it. What it was stays in its history. */
readonly removePolicyList: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one policy list was, the newest first. */
readonly listPolicyListVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: PolicyListBody })[] } }

/** Those of the kind plan that you may see, in pages. */
readonly listPlans: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PlanBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One plan. */
readonly getPlan: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PlanBody }; readonly givesYaml: true }

/** Makes one plan, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putPlan: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: PlanBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": PlanBody }; readonly takesYaml: true }

/** Removes one plan, where nobody needs it. What it was stays in its history. */
readonly removePlan: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one plan was, the newest first. */
readonly listPlanVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: PlanBody })[] } }

/** Those of the kind product that you may see, in pages. */
readonly listProducts: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": ProductBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One product. */
readonly getProduct: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": ProductBody }; readonly givesYaml: true }

/** Makes one product, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putProduct: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: ProductBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": ProductBody }; readonly takesYaml: true }

/** Removes one product, where nobody needs it. What it was stays in its history. */
readonly removeProduct: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one product was, the newest first. */
readonly listProductVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: ProductBody })[] } }

/** Those of the kind app that you may see, in pages. */
readonly listApps: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": AppBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One app. */
readonly getApp: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": AppBody }; readonly givesYaml: true }

/** Makes one app, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putApp: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: AppBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": AppBody }; readonly takesYaml: true }

/** Removes one app, where nobody needs it. What it was stays in its history. */
readonly removeApp: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one app was, the newest first. */
readonly listAppVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: AppBody })[] } }

/** Those of the kind team that you may see, in pages. */
readonly listTeams: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamBody }; readonly givesYaml: true }

/** Makes one team, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putTeam: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: TeamBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamBody }; readonly takesYaml: true }

/** Removes one team, where nobody needs it. What it was stays in its history. */
readonly removeTeam: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one team was, the newest first. */
readonly listTeamVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": RoleBody }; readonly givesYaml: true }

/** Makes one role, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putRole: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: RoleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": RoleBody }; readonly takesYaml: true }

/** Removes one role, where nobody needs it. What it was stays in its history. */
readonly removeRole: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one role was, the newest first. */
readonly listRoleVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody }; readonly givesYaml: true }

/** Makes one rule, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putRule: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: TeamRuleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody }; readonly takesYaml: true }

/** Removes one rule, where nobody needs it. What it was stays in its history. */
readonly removeRule: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one rule was, the newest first. */
readonly listRuleVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody }; readonly givesYaml: true }

/** Makes one rule of a team, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putTeamRule: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: TeamRuleBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": TeamRuleBody }; readonly takesYaml: true }

/** Removes one rule of a team, where nobody needs it. What it was stays in its history. */
readonly removeTeamRule: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one rule of a team was, the newest first. */
readonly listTeamRuleVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: TeamRuleBody })[] } }

/** Those of the kind federation that you may see, in pages. */
readonly listFederations: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": FederationBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One federation. */
readonly getFederation: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": FederationBody }; readonly givesYaml: true }

/** Makes one federation, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putFederation: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: FederationBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": FederationBody }; readonly takesYaml: true }

/** Removes one federation, where nobody needs it. What it was stays in its history. */
readonly removeFederation: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one federation was, the newest first. */
readonly listFederationVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: FederationBody })[] } }

/** Those of the kind node group that you may see, in pages. */
readonly listNodeGroups: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": NodeGroupBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One node group. */
readonly getNodeGroup: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": NodeGroupBody }; readonly givesYaml: true }

/** Makes one node group, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putNodeGroup: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: NodeGroupBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": NodeGroupBody }; readonly takesYaml: true }

/** Removes one node group, where nobody needs it. What it was stays in its history. */
readonly removeNodeGroup: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one node group was, the newest first. */
readonly listNodeGroupVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: NodeGroupBody })[] } }

/** Those of the kind webhook that you may see, in pages. */
readonly listWebhooks: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": WebhookBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One webhook. */
readonly getWebhook: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": WebhookBody }; readonly givesYaml: true }

/** Makes one webhook, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putWebhook: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: WebhookBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "team": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": WebhookBody }; readonly takesYaml: true }

/** Removes one webhook, where nobody needs it. What it was stays in its history. */
readonly removeWebhook: { readonly params: { readonly team: string; readonly id: string }; readonly answer: undefined }

/** What one webhook was, the newest first. */
readonly listWebhookVersions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: WebhookBody })[] } }

/** Those of the kind identity provider that you may see, in pages. */
readonly listIdentityProviders: { readonly query: { readonly team?: string; readonly owner?: string; readonly tag?: (string) | (readonly (string)[]); readonly search?: string; readonly sort?: "id" | "-id" | "title" | "-title" | "updatedAt" | "-updatedAt"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": IdentityProviderBody })[]; readonly "total": number; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One identity provider. */
readonly getIdentityProvider: { readonly params: { readonly id: string }; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": IdentityProviderBody }; readonly givesYaml: true }

/** Makes one identity provider, or makes it what is sent. With If-Match it changes only what you have seen, with If-None-Match: * it changes nothing that is there. */
readonly putIdentityProvider: { readonly params: { readonly id: string }; readonly query: { readonly runnable?: "true" | "false" }; readonly body: IdentityProviderBody; readonly answer: { 
/** Never given twice. */
readonly "uid": string; readonly "id": string; 
/** One more with each change; it is the `ETag`. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string; readonly "body": IdentityProviderBody }; readonly takesYaml: true }

/** Removes one identity provider, where nobody needs it. What it was stays in its history. */
readonly removeIdentityProvider: { readonly params: { readonly id: string }; readonly answer: undefined }

/** What one identity provider was, the newest first. */
readonly listIdentityProviderVersions: { readonly params: { readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ readonly "version": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** Absent where it was removed. */
readonly "body"?: IdentityProviderBody })[] } }

/** The OpenAPI document of an API, as it was written. */
readonly getDocument: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly revision?: number }; readonly answer: { 
/** SHA-256 of the text: what `document` of the API says. */
readonly "hash": string; readonly "text": string }; readonly givesYaml: true }

/** Gives an API a document, and changes nothing else that it says. What the document adds are its operations. */
readonly putDocument: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** YAML or JSON, as it was written. */
readonly "text": string }; readonly answer: { readonly "version": number; readonly "hash": string; readonly "findings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string })[] }; readonly takesYaml: true }

/** Keeps a document under its hash, for the API, or a revision of it, to name next: neither need be there yet. Nothing else changes. */
readonly keepDocument: { readonly params: { readonly team: string; readonly id: string; readonly hash: string }; readonly body: { 
/** YAML or JSON, as it was written. */
readonly "text": string }; readonly answer: { readonly "hash": string; readonly "findings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; 
/** How to mend it. */
readonly "suggestion"?: string; 
/** From 1; 0 where it is about no line. */
readonly "line": number; readonly "path": string })[] }; readonly takesYaml: true }

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
readonly "line": number; readonly "path": string })[] }; readonly takesYaml: true }

/** An API as an OpenAPI document: for callers, or with all that Gatewright knows of it, to be imported again. */
readonly exportDocument: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly extensions?: "true" | "false"; readonly revision?: number; readonly environment?: string }; readonly answer: { readonly "text": string }; readonly givesYaml: true }

/** Revisions of an API, the newest first. */
readonly listRevisions: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number; readonly below?: number }; readonly answer: { readonly "items": readonly ({ 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string })[] } }

/** Makes a revision of what the API says now. Where nothing has changed since the newest one, that is answered. */
readonly makeRevision: { readonly params: { readonly team: string; readonly id: string }; readonly body: { readonly "message"?: string }; readonly answer: { 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string } }

/** An API as it was when this revision was made. */
readonly getRevision: { readonly params: { readonly team: string; readonly id: string; readonly number: number }; readonly answer: { 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; readonly "body": ApiBody } }

/** Makes a revision with this number, as it was elsewhere. One that is there already stays as it is, and has to say the same. Needs api:edit too. */
readonly restoreRevision: { readonly params: { readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "body": ApiBody; readonly "message"?: string }; readonly answer: { 
/** From 1, within the API. */
readonly "number": number; 
/** SHA-256 of what it says: equal for equal revisions. */
readonly "hash": string; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string } }

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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string })[] } }

/** Makes a revision of what the API says now, and gives it all of its traffic here. Answered when the gateway of this process serves it. */
readonly publish: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives all traffic here to the revision that is live in another environment; not to one that is only tried there. A dry run shows what is another here, in the environment too. */
readonly promote: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Brings back what was live before the last change, or at a version. Rules and callers are not asked: it was live. */
readonly rollBack: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Makes exactly this live: revisions that are there, who gets each, and whether that is on its way out. Previews stay, and those that are said come to them. */
readonly deploy: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { readonly "releases": readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Apps that get it, whatever else is said: `web` of the API’s team, or `shop/web`. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token in lower-case hex. Never the token itself. */
readonly "hash": string; 
/** Until when it opens this release. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over. `null`: it is neither; absent: it stays as it was. */
readonly "lifecycle"?: ({ 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }) | (null); 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives a part of the traffic to another revision. A second time it gives another part. */
readonly startCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Gives all traffic to the canary. */
readonly promoteCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Takes the traffic of the canary back. */
readonly abortCanary: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Takes the API out of the environment. What was live stays in its versions. */
readonly takeOut: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Keys of an app, also those that ended, in pages. No key is shown. */
readonly listKeys: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** Issues a key to an app. It is shown now, and never again. */
readonly issueKey: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** For people: where it is used. */
readonly "name"?: string; 
/** Id of a plan of the app's team, which counts before its subscriptions: saying it needs `plan:edit`. */
readonly "plan"?: string; 
/** Refused before; RFC 3339. */
readonly "notBefore"?: string; 
/** Refused from then on; RFC 3339. */
readonly "expiresAt"?: string }; readonly answer: { readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** The key itself. */
readonly "value": string } }

/** Takes keys that others have issued, or their hashes: all of them or none. Those that could be guessed are kept under a slow hash where there is a pepper, and refused elsewhere. */
readonly bringKeys: { readonly params: { readonly team: string; readonly id: string }; readonly body: { readonly "keys": readonly (({ 
/** For people: where it is used. */
readonly "name"?: string; 
/** Id of a plan of the app's team, which counts before its subscriptions: saying it needs `plan:edit`. */
readonly "plan"?: string; 
/** Refused before; RFC 3339. */
readonly "notBefore"?: string; 
/** Refused from then on; RFC 3339. */
readonly "expiresAt"?: string; readonly "value": string }) | ({ 
/** For people: where it is used. */
readonly "name"?: string; 
/** Id of a plan of the app's team, which counts before its subscriptions: saying it needs `plan:edit`. */
readonly "plan"?: string; 
/** Refused before; RFC 3339. */
readonly "notBefore"?: string; 
/** Refused from then on; RFC 3339. */
readonly "expiresAt"?: string; 
/** SHA-256 in lower-case hex; others begin with their name. */
readonly "hash": string }))[] }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string })[] } }

/** Issues another key on the same terms, which is shown once. The old one goes on for the overlap. */
readonly rotateKey: { readonly params: { readonly team: string; readonly id: string; readonly uid: string }; readonly body: { 
/** For how long both are good; a day if absent. */
readonly "overlapMs"?: number }; readonly answer: { readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; readonly "value": string; readonly "old": { readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } } }

/** Says the name, the plan or the end of a key anew. What is absent stays; null takes it away. */
readonly changeKey: { readonly params: { readonly team: string; readonly id: string; readonly uid: string }; readonly body: { readonly "name"?: (string) | (null); readonly "plan"?: (string) | (null); readonly "expiresAt"?: (string) | (null) }; readonly answer: { readonly "uid": string; 
/** Its first and last letters; empty where only a hash was brought along. */
readonly "hint": string; readonly "name"?: string; readonly "plan"?: string; 
/** RFC 3339, UTC. */
readonly "notBefore"?: string; 
/** RFC 3339, UTC. */
readonly "expiresAt"?: string; 
/** Since when it is refused for good. */
readonly "endedAt"?: string; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Ends a key: it is refused from now on, on every gateway as soon as it hears of it. */
readonly endKey: { readonly params: { readonly team: string; readonly id: string; readonly uid: string }; readonly answer: undefined }

/** Takes the keys of another gateway as it exports them, and makes the apps that they belong to: all or nothing. A dry run shows what it would be. */
readonly importKeys: { readonly params: { readonly team: string }; readonly body: { readonly "format": "aws-csv" | "kong-deck" | "azure" | "tyk" | "plain"; readonly "text": string; 
/** True: what cannot be taken is left out. */
readonly "leaveFaults"?: boolean }; readonly answer: { readonly "apps": readonly ({ readonly "id": string; readonly "title": string; readonly "isNew": boolean; readonly "keys": number })[]; readonly "findings": readonly ({ readonly "severity": "fault" | "warning"; readonly "code": string; readonly "message": string; readonly "suggestion"?: string; readonly "line": number; 
/** Where in the data, where that is known. */
readonly "at": string })[] } }

/** Subscriptions of the apps of your teams, and to what your teams sell, in pages. */
readonly listSubscriptions: { readonly query: { readonly app?: string; readonly product?: string; readonly api?: string; readonly state?: "requested" | "approved" | "active" | "suspended" | "ended"; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** One subscription, with what was done to it. */
readonly getSubscription: { readonly params: { readonly uid: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string; 
/** What was done to it, the first first. */
readonly "records": readonly ({ readonly "number": number; readonly "step": "request" | "approve" | "activate" | "suspend" | "resume" | "end" | "move"; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; readonly "note": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string })[] } }

/** Subscribes an app to a product, or to one API, on a plan. It is active at once, or waits until somebody who sells it approves it. */
readonly requestSubscription: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** Id of the team that sells it; the app's if absent. */
readonly "team"?: string; readonly "product"?: string; readonly "api"?: string; 
/** Id of a plan of the team that sells. */
readonly "plan": string; 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Ends a subscription of one's own app. */
readonly giveUpSubscription: { readonly params: { readonly team: string; readonly id: string; readonly uid: string }; readonly answer: undefined }

/** Lets a subscription through that waits. It counts once it is activated. */
readonly approveSubscription: { readonly params: { readonly uid: string }; readonly body: { 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Makes a subscription count that was approved, once what comes before the first call is done. */
readonly activateSubscription: { readonly params: { readonly uid: string }; readonly body: { 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Refuses the app what it has subscribed to, until it is resumed. */
readonly suspendSubscription: { readonly params: { readonly uid: string }; readonly body: { 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Makes a subscription count again. */
readonly resumeSubscription: { readonly params: { readonly uid: string }; readonly body: { 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Ends a subscription for good. */
readonly endSubscription: { readonly params: { readonly uid: string }; readonly body: { 
/** Why, for those who come later. */
readonly "note"?: string }; readonly answer: { readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string } }

/** Moves the subscriptions to this API to the one that comes after it, such as its next version, all or none. They go on opening this one, where their plan does. Those to products follow what these sell. */
readonly moveSubscriptions: { readonly params: { readonly team: string; readonly id: string }; readonly body: { 
/** Id of an API of the same team. */
readonly "to": string; 
/** Id of a plan of the team, for subscriptions whose own plan does not open the next API; without it there may be none such. */
readonly "plan"?: string }; readonly answer: { 
/** Those that moved. */
readonly "items": readonly ({ readonly "uid": string; 
/** Without a name where it is gone. */
readonly "app": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "product"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "api"?: { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; 
/** Without a name where it is gone. */
readonly "plan": { readonly "uid": string; readonly "team"?: string; readonly "id"?: string }; readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** APIs that it was for before it was moved: it still opens those that its plan does. */
readonly "former"?: readonly ({ readonly "uid": string; readonly "team"?: string; readonly "id"?: string })[]; 
/** RFC 3339, UTC. */
readonly "createdAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "createdBy": string })[]; 
/** What became of each. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[] } }

/** Names of the secrets of an environment. Their values are shown to nobody. */
readonly listSecrets: { readonly params: { readonly environment: string }; readonly answer: { readonly "items": readonly ({ readonly "name": string; 
/** Counts its values. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string })[] } }

/** Makes a secret, or gives it another value. It is never shown again. */
readonly putSecret: { readonly params: { readonly environment: string; readonly name: string }; readonly body: { readonly "value": string }; readonly answer: { readonly "name": string; 
/** Counts its values. */
readonly "version": number; 
/** RFC 3339, UTC. */
readonly "updatedAt": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "updatedBy": string } }

/** Removes a secret, where nothing that is live names it. */
readonly removeSecret: { readonly params: { readonly environment: string; readonly name: string }; readonly answer: undefined }

/** Seals everything that is secret anew, with another key of the data, and that with the key which stands first in GATEWRIGHT_SECRET_KEY or in its file: who had a copy of an old one opens nothing that comes after. */
readonly rotateSecrets: { readonly answer: { 
/** Tells the key from others, and says nothing of it. */
readonly "key": string } }

/** What was done in your teams, the newest first, in pages. */
readonly listAudit: { readonly query: { readonly team?: string; readonly target?: string; readonly by?: string; readonly action?: string; readonly kind?: string; readonly environment?: string; readonly from?: string; readonly to?: string; readonly limit?: number; readonly below?: number }; readonly answer: { readonly "items": readonly ({ 
/** From 1, without gaps. */
readonly "number": number; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it: a name, or `token "ci" of team shop`. Absent where nobody knows any more. */
readonly "byName"?: string; readonly "action": string; 
/** Of what it was done to. */
readonly "kind": string; 
/** Uid of what it was done to. */
readonly "target": string; readonly "team": string; 
/** Mostly what was there before and after. */
readonly "details": unknown; 
/** Uid of whom it tells. */
readonly "person"?: string; 
/** What tells of that person; goes when they are erased. */
readonly "personal"?: unknown; 
/** True: something was told of a person who has been erased. */
readonly "isErased": boolean; 
/** Of this entry and all before it. */
readonly "hash": string })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: number } }

/** What was done in your teams, the oldest first, a line of JSON for each. Ask again with the number of the last line until nothing comes. */
readonly exportAudit: { readonly query: { readonly team?: string; readonly after?: number; readonly limit?: number }; readonly answer: undefined }

/** Looks through all entries whether one was changed, taken out or put in between. With a number and hash that you noted elsewhere, also whether some were cut off at the end. */
readonly verifyAudit: { readonly query: { readonly number?: number; readonly hash?: string }; readonly answer: { readonly "isWhole": boolean; readonly "entries"?: number; 
/** Of the newest entry: note it elsewhere. */
readonly "hash"?: string; 
/** The first entry that is missing, or not what it was. */
readonly "firstBroken"?: number } }

/** Takes out of all entries what tells of a person: names and addresses. That something was done stays, and the chain holds. */
readonly erasePerson: { readonly body: { 
/** Uid. */
readonly "person": string }; readonly answer: { 
/** How many told of them. */
readonly "entries": number } }

/** Lets a revision be called here by who brings its token as `Gatewright-Preview`, and by nobody else. The token is shown once; for a revision that has one already, it is another. */
readonly startPreview: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Ends previews at once. It waits for nobody: what is live stays as it is. */
readonly endPreview: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly revision?: number }; readonly answer: undefined }

/** Tells callers with each answer that there is something better, and until when they can stay (RFC 9745). */
readonly deprecate: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** Since when, or from when on. Now if absent. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly answer: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Lets another API come after this one, such as its next version: this one is deprecated here and says where the next one is; where wanted, its subscriptions open the next one from now on. */
readonly supersede: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
/** Id of the API that comes after it: of its team, and live here. */
readonly "by": string; 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** Since when, or from when on. Now if absent. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). */
readonly "sunsetAt"?: string; 
/** Where callers find it. Where it is live if absent. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string; 
/** True: what opens the old one opens the next one too. Subscriptions to it move, and products that sell it come to sell both. Callers keep their keys. */
readonly "moveSubscriptions"?: boolean; 
/** Id of a plan of the team, for subscriptions whose own plan does not open the next API; without it there may be none such. */
readonly "plan"?: string }; readonly answer: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Answers every request with 410. It stays where it is, so that callers hear what comes after it. */
readonly retire: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
/** Why, for those who come later. */
readonly "message"?: string; 
/** Why it cannot wait: passes a freeze, for those who have `environment:freeze` everywhere; and brings back what was live before the last change without waiting, for those who may approve. */
readonly "override"?: string; 
/** From when on it may not answer any more (RFC 8594). */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly answer: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

/** Takes back that it is deprecated, or retired. */
readonly revive: { readonly params: { readonly environment: string; readonly team: string; readonly id: string }; readonly query: { readonly wait?: number }; readonly body: { 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } }

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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; readonly "environment": string })[] } }

/** APIs side by side, in pages: what has become of each in each environment, and since when. On a page, versions of a family stand together, the lowest first. */
readonly listApiStates: { readonly query: { readonly team?: string; readonly family?: string; readonly limit?: number; readonly after?: string }; readonly answer: { readonly "items": readonly ({ readonly "team": string; readonly "id": string; readonly "title"?: string; readonly "family"?: string; 
/** As it says now, or as its OpenAPI document does. */
readonly "version"?: string; 
/** Where it is live; none: it is a draft. */
readonly "environments": readonly ({ readonly "environment": string; readonly "state": "published" | "deprecated" | "retired"; 
/** When it became so there. */
readonly "since": string; readonly "revisions": readonly (number)[]; readonly "deprecatedAt"?: string; readonly "sunsetAt"?: string; readonly "successor"?: string })[] })[]; 
/** Where the next page begins; absent: this is the last. */
readonly "next"?: string } }

/** What waits, or waited, to become live in protected environments, of APIs and of all else; what something became of last stands first. */
readonly listChanges: { readonly query: { readonly state?: "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly limit?: number; readonly below?: number }; readonly answer: { readonly "items": readonly ({ readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number })[] } }

/** A change that waits, or waited: who asked, for what, and who has approved it; while it waits also what would be another than what is live, and what callers would notice. */
readonly getChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Lets a change through. With the last approval that it needs it is judged and checked again, and done; else it goes on waiting. */
readonly approveChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly query: { readonly wait?: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "change": { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
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
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** It is on its way out here, or over; what the API says itself if absent. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; readonly "why": "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; readonly "message": string; 
/** RFC 3339, UTC. */
readonly "at": string; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
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
/** Where an API supersedes another one. */
readonly "succession"?: { 
/** Id of the API that comes after it. */
readonly "to": string; 
/** What becomes of subscriptions to the old one. */
readonly "moves": readonly ({ 
/** Uid. */
readonly "subscription": string; 
/** Team and id. */
readonly "app": string; 
/** As it was; one that moves stays so. */
readonly "state": "requested" | "approved" | "active" | "suspended" | "ended"; 
/** `ends`: the app has another one to the next API, which takes its place. `stays`: that other one gives less. */
readonly "outcome": "moves" | "ends" | "stays"; 
/** Id of the plan that counts from now on. */
readonly "plan"?: string; 
/** Uid of the other one. */
readonly "other"?: string; 
/** What callers would notice, or what has to be done first. */
readonly "note"?: string })[]; 
/** Ids of those that come to sell the next one beside it. */
readonly "products": readonly (string)[]; 
/** Who does not get the next one, or loses the old one. */
readonly "warnings": readonly (string)[] }; 
/** Who runs it now, who does not yet, and who cannot. */
readonly "nodes": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string })[] } } }

/** Keeps a change from being done. */
readonly refuseChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Takes a change back that you have asked for. */
readonly withdrawChange: { readonly params: { readonly environment: string; readonly team: string; readonly id: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Nodes that were heard from in the last minutes, by any control plane: what each runs, and its use. */
readonly listNodes: { readonly answer: { readonly "items": readonly ({ readonly "node": string; 
/** `elsewhere`: its group does not run that API in that environment. */
readonly "state": "serves" | "waits" | "failed" | "elsewhere"; readonly "snapshot"?: { readonly "version": number; readonly "hash": string }; readonly "fault"?: string; 
/** Of the program. */
readonly "version": string; 
/** When this control plane heard of it last. */
readonly "heardAt": string; readonly "configuration": { readonly "sequence": number; readonly "hash": string }; readonly "credentials": { readonly "sequence": number }; 
/** What it has done and uses. Absent where the node is of an earlier version. */
readonly "usage"?: { 
/** When the process began. What counts has only gone up since. */
readonly "since": string; 
/** Of 1xx, 2xx, 3xx, 4xx and 5xx. */
readonly "requests": readonly (number)[]; 
/** Of what reached no API. */
readonly "refusals": readonly (number)[]; readonly "bytesIn": number; readonly "bytesOut": number; 
/** Those with the most requests. */
readonly "apis": readonly ({ readonly "api": string; 
/** Of 1xx, 2xx, 3xx, 4xx and 5xx. */
readonly "requests": readonly (number)[] })[]; 
/** Of all other APIs together. */
readonly "others": readonly (number)[]; readonly "inFlight": number; readonly "connections": number; readonly "memoryBytes": number; readonly "cpuMs": number; 
/** Of the event loop of each data thread. */
readonly "loops": readonly ({ readonly "activeMs": number; readonly "idleMs": number })[] } })[] } }

/** A change that waits, or waited, because of what protected environments run: who asked, for what, who has approved it. */
readonly getAskedChange: { readonly params: { readonly environment: string; readonly number: number }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Lets a change through. With the last approval that it needs it is checked again, and done; else it goes on waiting. */
readonly approveAskedChange: { readonly params: { readonly environment: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "change": { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } } }

/** Keeps a change from being done. */
readonly refuseAskedChange: { readonly params: { readonly environment: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** Takes a change back that you have asked for. */
readonly withdrawAskedChange: { readonly params: { readonly environment: string; readonly number: number }; readonly body: { readonly "note"?: string }; readonly answer: { readonly "environment": string; 
/** All that would run something else, where it is no change of what is live of an API. */
readonly "environments"?: readonly (string)[]; readonly "team": string; 
/** Of which something is to be live. */
readonly "api"?: string; 
/** What is to change, where that is not what is live of an API; `action` is the operation. */
readonly "about"?: { readonly "kind": string; readonly "id": string; readonly "action": string }; 
/** From 1, within what is live of an API in an environment; for all else, within the environment. */
readonly "number": number; readonly "state": "waiting" | "done" | "refused" | "withdrawn" | "expired"; readonly "why"?: "publish" | "promote" | "rollback" | "canary" | "preview" | "end-preview" | "undeploy" | "deprecate" | "supersede" | "retire" | "revive"; 
/** What is to be live. */
readonly "releases"?: readonly ({ readonly "revision": number; 
/** Percent of what no condition claims. */
readonly "share"?: number; 
/** CEL: requests for which it is true get this release. */
readonly "when"?: string; 
/** Each request of these, `team/id`, whatever else is said. */
readonly "apps"?: readonly (string)[]; 
/** It is not live: only who brings its token gets it. */
readonly "preview"?: { 
/** `sha256:` and the SHA-256 of the token. */
readonly "hash": string; 
/** RFC 3339, UTC. */
readonly "expires": string } })[]; 
/** What would become of what, a line each. */
readonly "changes"?: readonly (string)[]; 
/** What callers of what is live would notice. */
readonly "breaking"?: readonly ({ readonly "code": string; readonly "message": string; readonly "at": { 
/** `POST /orders/{id}`; absent: the whole API. */
readonly "operation"?: string; readonly "of": "body" | "document"; readonly "version": "before" | "after"; 
/** RFC 6901. */
readonly "pointer": string }; readonly "before"?: unknown; readonly "after"?: unknown })[]; 
/** The version of what was there when it was asked for: of another it is not done. */
readonly "of": number; readonly "message": string; 
/** Breaking changes that are known and wanted. */
readonly "acknowledge"?: { 
/** Codes of breaking changes, or `all`. */
readonly "codes": readonly (string)[]; 
/** Why callers can live with it: it stands in the message. */
readonly "reason": string }; 
/** How it is to be on its way out. */
readonly "lifecycle"?: { 
/** `deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410. */
readonly "state": "deprecated" | "retired"; 
/** Since when, or from when on, nobody should begin to use it. Needed where it is deprecated. */
readonly "deprecatedAt"?: string; 
/** From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself. */
readonly "sunsetAt"?: string; 
/** URL or path of what comes after it. */
readonly "successor"?: string; 
/** URL or path of a page that tells people about it. */
readonly "link"?: string }; 
/** The API that is to come after it. */
readonly "succession"?: { 
/** Id. */
readonly "to": string; readonly "movesSubscriptions": boolean }; 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "askedBy": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "askedByName"?: string; 
/** RFC 3339, UTC. */
readonly "askedAt": string; 
/** RFC 3339, UTC. */
readonly "expiresAt": string; readonly "approvals": readonly ({ 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string })[]; 
/** How many approvals the environment asks for now. */
readonly "needed": number; 
/** Who did, refused or withdrew it. */
readonly "end"?: { 
/** `user:<uid>`, `token:<uid>`, `system`; of a token also `federation:<uid>`. */
readonly "by": string; 
/** What people call who did it, as the audit log has it. Where changes are read. */
readonly "byName"?: string; 
/** RFC 3339, UTC. */
readonly "at": string; readonly "note": string }; readonly "sequence": number } }

/** The tokens that nodes of a group come with. */
readonly listNodeTokens: { readonly params: { readonly group: string }; readonly answer: { readonly "items": readonly ({ readonly "uid": string; readonly "name": string; readonly "hint": string; readonly "expiresAt"?: string; readonly "endedAt"?: string; readonly "createdAt": string; readonly "createdBy": string })[] } }

/** Makes a token with which machines get what they are to run, and nothing else. It is shown now, and never again. */
readonly issueNodeToken: { readonly params: { readonly group: string }; readonly body: { readonly "name": string; readonly "expiresAt"?: string }; readonly answer: { readonly "uid": string; readonly "name": string; readonly "hint": string; readonly "expiresAt"?: string; readonly "endedAt"?: string; readonly "createdAt": string; readonly "createdBy": string; readonly "value": string } }

/** Ends a token of nodes: they serve on with what they have, and get nothing new by it. */
readonly endNodeToken: { readonly params: { readonly group: string; readonly uid: string }; readonly answer: undefined }

/** What became of what a webhook was sent, the newest first. */
readonly listWebhookDeliveries: { readonly params: { readonly team: string; readonly id: string }; readonly query: { readonly limit?: number }; readonly answer: { readonly "items": readonly ({ 
/** Of the entry of the audit log. */
readonly "number": number; readonly "event": string; 
/** `waits`: for the next attempt, and what comes after waits with it. `failed`: given up. */
readonly "state": "delivered" | "waits" | "failed"; readonly "attempts": number; readonly "status"?: number; readonly "fault"?: string; 
/** RFC 3339, UTC. */
readonly "at": string })[] } }

/** Makes the secret that what is sent is signed with, in place of the one before. It is shown now, and never again; without one nothing is sent. */
readonly issueWebhookSecret: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { readonly "secret": string } }

/** Sends a webhook an event of its own, after those that wait, and says what became of the newest. */
readonly testWebhook: { readonly params: { readonly team: string; readonly id: string }; readonly answer: { readonly "items": readonly ({ 
/** Of the entry of the audit log. */
readonly "number": number; readonly "event": string; 
/** `waits`: for the next attempt, and what comes after waits with it. `failed`: given up. */
readonly "state": "delivered" | "waits" | "failed"; readonly "attempts": number; readonly "status"?: number; readonly "fault"?: string; 
/** RFC 3339, UTC. */
readonly "at": string })[] } }
}

export const OPERATIONS: { readonly [N in keyof Operations]: { readonly method: string; readonly path: string } } = {
setUp: { method: 'POST', path: '/api/v1/set-up' },
getMe: { method: 'GET', path: '/api/v1/me' },
listMyTokens: { method: 'GET', path: '/api/v1/me/tokens' },
issueMyToken: { method: 'POST', path: '/api/v1/me/tokens' },
endMyToken: { method: 'DELETE', path: '/api/v1/me/tokens/{uid}' },
logIn: { method: 'POST', path: '/api/v1/login' },
finishLogin: { method: 'POST', path: '/api/v1/login/second' },
askForLoginPasskey: { method: 'POST', path: '/api/v1/login/passkey/options' },
logInByPasskey: { method: 'POST', path: '/api/v1/login/passkey' },
logOut: { method: 'POST', path: '/api/v1/logout' },
getMyFactors: { method: 'GET', path: '/api/v1/me/factors' },
changeMyPassword: { method: 'PUT', path: '/api/v1/me/password' },
offerMyTotp: { method: 'POST', path: '/api/v1/me/totp' },
confirmMyTotp: { method: 'PUT', path: '/api/v1/me/totp' },
removeMyTotp: { method: 'DELETE', path: '/api/v1/me/totp' },
drawMyRecoveryCodes: { method: 'POST', path: '/api/v1/me/recovery-codes' },
offerMyPasskey: { method: 'POST', path: '/api/v1/me/passkeys/options' },
addMyPasskey: { method: 'POST', path: '/api/v1/me/passkeys' },
removeMyPasskey: { method: 'DELETE', path: '/api/v1/me/passkeys/{passkey}' },
listMySessions: { method: 'GET', path: '/api/v1/me/sessions' },
endMySessions: { method: 'DELETE', path: '/api/v1/me/sessions' },
endMySession: { method: 'DELETE', path: '/api/v1/me/sessions/{uid}' },
listUserSessions: { method: 'GET', path: '/api/v1/users/{user}/sessions' },
endUserSessions: { method: 'DELETE', path: '/api/v1/users/{user}/sessions' },
endUserSession: { method: 'DELETE', path: '/api/v1/users/{user}/sessions/{uid}' },
listUsers: { method: 'GET', path: '/api/v1/users' },
inviteUser: { method: 'POST', path: '/api/v1/users' },
getUser: { method: 'GET', path: '/api/v1/users/{user}' },
putUser: { method: 'PUT', path: '/api/v1/users/{user}' },
eraseUser: { method: 'DELETE', path: '/api/v1/users/{user}' },
suspendUser: { method: 'POST', path: '/api/v1/users/{user}/suspend' },
resumeUser: { method: 'POST', path: '/api/v1/users/{user}/resume' },
resetUser: { method: 'POST', path: '/api/v1/users/{user}/reset' },
acceptInvitation: { method: 'POST', path: '/api/v1/invitation' },
listTokens: { method: 'GET', path: '/api/v1/tokens' },
issueToken: { method: 'POST', path: '/api/v1/tokens/{team}' },
endToken: { method: 'DELETE', path: '/api/v1/tokens/{team}/{uid}' },
listMembers: { method: 'GET', path: '/api/v1/teams/{team}/members' },
putMember: { method: 'PUT', path: '/api/v1/teams/{team}/members' },
federate: { method: 'POST', path: '/api/v1/federate' },
listLoginWays: { method: 'GET', path: '/api/v1/login/ways' },
beginProviderLogin: { method: 'POST', path: '/api/v1/login/provider/{id}' },
finishProviderLogin: { method: 'POST', path: '/api/v1/login/callback' },
putIdentityProviderSecret: { method: 'PUT', path: '/api/v1/identity-providers/{id}/secret' },
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
listUpstreams: { method: 'GET', path: '/api/v1/upstreams' },
getUpstream: { method: 'GET', path: '/api/v1/upstreams/{team}/{id}' },
putUpstream: { method: 'PUT', path: '/api/v1/upstreams/{team}/{id}' },
removeUpstream: { method: 'DELETE', path: '/api/v1/upstreams/{team}/{id}' },
listUpstreamVersions: { method: 'GET', path: '/api/v1/upstreams/{team}/{id}/versions' },
listCertificates: { method: 'GET', path: '/api/v1/certificates' },
getCertificate: { method: 'GET', path: '/api/v1/certificates/{id}' },
putCertificate: { method: 'PUT', path: '/api/v1/certificates/{id}' },
removeCertificate: { method: 'DELETE', path: '/api/v1/certificates/{id}' },
listCertificateVersions: { method: 'GET', path: '/api/v1/certificates/{id}/versions' },
listPolicyLists: { method: 'GET', path: '/api/v1/policy-lists' },
getPolicyList: { method: 'GET', path: '/api/v1/policy-lists/{team}/{id}' },
putPolicyList: { method: 'PUT', path: '/api/v1/policy-lists/{team}/{id}' },
removePolicyList: { method: 'DELETE', path: '/api/v1/policy-lists/{team}/{id}' },
listPolicyListVersions: { method: 'GET', path: '/api/v1/policy-lists/{team}/{id}/versions' },
listPlans: { method: 'GET', path: '/api/v1/plans' },
getPlan: { method: 'GET', path: '/api/v1/plans/{team}/{id}' },
putPlan: { method: 'PUT', path: '/api/v1/plans/{team}/{id}' },
removePlan: { method: 'DELETE', path: '/api/v1/plans/{team}/{id}' },
listPlanVersions: { method: 'GET', path: '/api/v1/plans/{team}/{id}/versions' },
listProducts: { method: 'GET', path: '/api/v1/products' },
getProduct: { method: 'GET', path: '/api/v1/products/{team}/{id}' },
putProduct: { method: 'PUT', path: '/api/v1/products/{team}/{id}' },
removeProduct: { method: 'DELETE', path: '/api/v1/products/{team}/{id}' },
listProductVersions: { method: 'GET', path: '/api/v1/products/{team}/{id}/versions' },
listApps: { method: 'GET', path: '/api/v1/apps' },
getApp: { method: 'GET', path: '/api/v1/apps/{team}/{id}' },
putApp: { method: 'PUT', path: '/api/v1/apps/{team}/{id}' },
removeApp: { method: 'DELETE', path: '/api/v1/apps/{team}/{id}' },
listAppVersions: { method: 'GET', path: '/api/v1/apps/{team}/{id}/versions' },
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
listFederations: { method: 'GET', path: '/api/v1/federations' },
getFederation: { method: 'GET', path: '/api/v1/federations/{team}/{id}' },
putFederation: { method: 'PUT', path: '/api/v1/federations/{team}/{id}' },
removeFederation: { method: 'DELETE', path: '/api/v1/federations/{team}/{id}' },
listFederationVersions: { method: 'GET', path: '/api/v1/federations/{team}/{id}/versions' },
listNodeGroups: { method: 'GET', path: '/api/v1/node-groups' },
getNodeGroup: { method: 'GET', path: '/api/v1/node-groups/{id}' },
putNodeGroup: { method: 'PUT', path: '/api/v1/node-groups/{id}' },
removeNodeGroup: { method: 'DELETE', path: '/api/v1/node-groups/{id}' },
listNodeGroupVersions: { method: 'GET', path: '/api/v1/node-groups/{id}/versions' },
listWebhooks: { method: 'GET', path: '/api/v1/webhooks' },
getWebhook: { method: 'GET', path: '/api/v1/webhooks/{team}/{id}' },
putWebhook: { method: 'PUT', path: '/api/v1/webhooks/{team}/{id}' },
removeWebhook: { method: 'DELETE', path: '/api/v1/webhooks/{team}/{id}' },
listWebhookVersions: { method: 'GET', path: '/api/v1/webhooks/{team}/{id}/versions' },
listIdentityProviders: { method: 'GET', path: '/api/v1/identity-providers' },
getIdentityProvider: { method: 'GET', path: '/api/v1/identity-providers/{id}' },
putIdentityProvider: { method: 'PUT', path: '/api/v1/identity-providers/{id}' },
removeIdentityProvider: { method: 'DELETE', path: '/api/v1/identity-providers/{id}' },
listIdentityProviderVersions: { method: 'GET', path: '/api/v1/identity-providers/{id}/versions' },
getDocument: { method: 'GET', path: '/api/v1/apis/{team}/{id}/document' },
putDocument: { method: 'PUT', path: '/api/v1/apis/{team}/{id}/document' },
keepDocument: { method: 'PUT', path: '/api/v1/apis/{team}/{id}/documents/{hash}' },
importDocument: { method: 'POST', path: '/api/v1/apis/{team}/{id}/import' },
exportDocument: { method: 'GET', path: '/api/v1/apis/{team}/{id}/export' },
listRevisions: { method: 'GET', path: '/api/v1/apis/{team}/{id}/revisions' },
makeRevision: { method: 'POST', path: '/api/v1/apis/{team}/{id}/revisions' },
getRevision: { method: 'GET', path: '/api/v1/apis/{team}/{id}/revisions/{number}' },
restoreRevision: { method: 'PUT', path: '/api/v1/apis/{team}/{id}/revisions/{number}' },
diffApi: { method: 'GET', path: '/api/v1/apis/{team}/{id}/diff' },
getDeployment: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}' },
listDeploymentVersions: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}/versions' },
publish: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/publish' },
promote: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/promote' },
rollBack: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/rollback' },
deploy: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/releases' },
startCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary' },
promoteCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary/promote' },
abortCanary: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/canary/abort' },
takeOut: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/take-out' },
listKeys: { method: 'GET', path: '/api/v1/apps/{team}/{id}/keys' },
issueKey: { method: 'POST', path: '/api/v1/apps/{team}/{id}/keys' },
bringKeys: { method: 'POST', path: '/api/v1/apps/{team}/{id}/keys/bring' },
rotateKey: { method: 'POST', path: '/api/v1/apps/{team}/{id}/keys/{uid}/rotate' },
changeKey: { method: 'PATCH', path: '/api/v1/apps/{team}/{id}/keys/{uid}' },
endKey: { method: 'DELETE', path: '/api/v1/apps/{team}/{id}/keys/{uid}' },
importKeys: { method: 'POST', path: '/api/v1/apps/{team}/import' },
listSubscriptions: { method: 'GET', path: '/api/v1/subscriptions' },
getSubscription: { method: 'GET', path: '/api/v1/subscriptions/{uid}' },
requestSubscription: { method: 'POST', path: '/api/v1/apps/{team}/{id}/subscriptions' },
giveUpSubscription: { method: 'DELETE', path: '/api/v1/apps/{team}/{id}/subscriptions/{uid}' },
approveSubscription: { method: 'POST', path: '/api/v1/subscriptions/{uid}/approve' },
activateSubscription: { method: 'POST', path: '/api/v1/subscriptions/{uid}/activate' },
suspendSubscription: { method: 'POST', path: '/api/v1/subscriptions/{uid}/suspend' },
resumeSubscription: { method: 'POST', path: '/api/v1/subscriptions/{uid}/resume' },
endSubscription: { method: 'POST', path: '/api/v1/subscriptions/{uid}/end' },
moveSubscriptions: { method: 'POST', path: '/api/v1/apis/{team}/{id}/subscriptions/move' },
listSecrets: { method: 'GET', path: '/api/v1/environments/{environment}/secrets' },
putSecret: { method: 'PUT', path: '/api/v1/environments/{environment}/secrets/{name}' },
removeSecret: { method: 'DELETE', path: '/api/v1/environments/{environment}/secrets/{name}' },
rotateSecrets: { method: 'POST', path: '/api/v1/secrets/rotate' },
listAudit: { method: 'GET', path: '/api/v1/audit' },
exportAudit: { method: 'GET', path: '/api/v1/audit/export' },
verifyAudit: { method: 'GET', path: '/api/v1/audit/verify' },
erasePerson: { method: 'POST', path: '/api/v1/audit/erase' },
startPreview: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/preview' },
endPreview: { method: 'DELETE', path: '/api/v1/environments/{environment}/apis/{team}/{id}/preview' },
deprecate: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/deprecate' },
supersede: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/supersede' },
retire: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/retire' },
revive: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/revive' },
listLiveApis: { method: 'GET', path: '/api/v1/environments/{environment}/live' },
listLiveEnvironments: { method: 'GET', path: '/api/v1/apis/{team}/{id}/live' },
listApiStates: { method: 'GET', path: '/api/v1/api-states' },
listChanges: { method: 'GET', path: '/api/v1/changes' },
getChange: { method: 'GET', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}' },
approveChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/approve' },
refuseChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/refuse' },
withdrawChange: { method: 'POST', path: '/api/v1/environments/{environment}/apis/{team}/{id}/changes/{number}/withdraw' },
listNodes: { method: 'GET', path: '/api/v1/nodes' },
getAskedChange: { method: 'GET', path: '/api/v1/environments/{environment}/changes/{number}' },
approveAskedChange: { method: 'POST', path: '/api/v1/environments/{environment}/changes/{number}/approve' },
refuseAskedChange: { method: 'POST', path: '/api/v1/environments/{environment}/changes/{number}/refuse' },
withdrawAskedChange: { method: 'POST', path: '/api/v1/environments/{environment}/changes/{number}/withdraw' },
listNodeTokens: { method: 'GET', path: '/api/v1/node-groups/{group}/tokens' },
issueNodeToken: { method: 'POST', path: '/api/v1/node-groups/{group}/tokens' },
endNodeToken: { method: 'DELETE', path: '/api/v1/node-groups/{group}/tokens/{uid}' },
listWebhookDeliveries: { method: 'GET', path: '/api/v1/webhooks/{team}/{id}/deliveries' },
issueWebhookSecret: { method: 'POST', path: '/api/v1/webhooks/{team}/{id}/secret' },
testWebhook: { method: 'POST', path: '/api/v1/webhooks/{team}/{id}/test' },
}
