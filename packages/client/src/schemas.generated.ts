/** Owns the schemas of the admin API. Generated from its OpenAPI document by `npm run client`: change the routes, not this. */

export type ApiBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** Of the API; the OpenAPI document's if absent. */
readonly "version"?: string; 
/** What its versions are called together: `orders`, of `orders-1` and `orders-2`. */
readonly "family"?: string; 
/** Is it on its way out? Clients are told. */
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
/** Products that it is part of. */
readonly "products"?: readonly (string)[]; 
/** Names it answers to: `api.example.com`, or `*.example.com` for one label. Every name if absent. */
readonly "hosts"?: readonly (string)[]; 
/** Whole segments before every path of it. The longest one wins. */
readonly "basePath"?: string; 
/** Is the base path left out of what is forwarded? */
readonly "stripBasePath"?: boolean; readonly "match"?: Predicates; 
/** The id of an upstream, or a URL such as http://127.0.0.1:9001. */
readonly "upstream"?: string; 
/** Is the path forwarded as it was matched, in its normal form, or as it was received? */
readonly "paths"?: "normal" | "received"; 
/** False: a trailing slash makes no difference to matching. */
readonly "strictSlash"?: boolean; 
/** False: letter case makes no difference to matching. */
readonly "caseSensitive"?: boolean; 
/** Run for every route, after the global ones. */
readonly "policies"?: readonly ((PolicyUse) | (ListUse))[]; 
/** How this API answers problems: by code, `4xx`, `5xx` or `default`. */
readonly "errors"?: Readonly<Record<string, { 
/** Instead of the usual one. */
readonly "status"?: number; 
/** Set on the answer. */
readonly "headers"?: Readonly<Record<string, Expression>>; 
/** Instead of the problem document. */
readonly "body"?: Expression }>>; 
/** Refine operations of the document, or add routes. With neither document nor routes, every path is forwarded. */
readonly "routes"?: readonly ({ 
/** Unique in its API. `GET /path` if absent; the operation id for operations. */
readonly "id"?: string; 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** Refines the OpenAPI operation of this id, or of this `METHOD /path`. */
readonly "operation"?: string; 
/** All of them if absent. HEAD uses the route of GET. */
readonly "methods"?: readonly (string)[]; 
/** Below the base path: literal segments, `{name}` for one segment, a last `{name+}` for one or more. */
readonly "path"?: string; readonly "match"?: Predicates; 
/** Instead of the API's. */
readonly "upstream"?: string; 
/** Tokens of `Upgrade`, besides `websocket`, that may become tunnels. */
readonly "upgrades"?: readonly (string)[]; 
/** Largest request body, instead of the listener's. */
readonly "bodyBytes"?: number; 
/** Run after the API's. */
readonly "policies"?: readonly ((PolicyUse) | (ListUse))[] })[]; 
/** Its OpenAPI document. */
readonly "document"?: string }

export type EnvironmentBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Names that its APIs answer to, where they name none themselves. Every name if absent. */
readonly "hosts"?: readonly (string)[]; 
/** Stands before the base path of each of its APIs. */
readonly "pathPrefix"?: string; 
/** Texts for expressions: `variables.<name>`. */
readonly "variables"?: Readonly<Record<string, string>>; 
/** Shared by its APIs, by id: the same API calls others in each environment. */
readonly "upstreams"?: readonly (Upstream)[]; 
/** Run for every request of each of its APIs, before those of the API. Policy lists are those of the team `main`. */
readonly "policies"?: readonly ((PolicyUse) | (ListUse))[]; readonly "egress"?: Egress; 
/** Keeps what is live from being changed by one person. Nobody removes an environment that has it. */
readonly "protection"?: { 
/** How many others have to approve each change of what is live. None if absent. */
readonly "approvals"?: number; 
/** Uids of the people who may, where they may approve at all. Everybody who may if absent. */
readonly "approvers"?: readonly (string)[]; 
/** Nothing that is live changes. */
readonly "frozen"?: { 
/** Until somebody takes it off, if absent. */
readonly "until"?: string; readonly "reason": string } } }

export type UpstreamBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** Servers that answer alike. */
readonly "targets": readonly (Target)[]; 
/** What is spoken to the targets. http1: HTTP/1.1. h2: HTTP/2 over TLS. h2c: HTTP/2 without TLS. auto: over TLS, whichever the target chooses (ALPN), HTTP/2 rather than HTTP/1.1; without TLS, HTTP/1.1. gRPC needs HTTP/2. */
readonly "protocol"?: "http1" | "h2" | "h2c" | "auto"; readonly "tls"?: UpstreamTls; 
/** How a target is chosen. round-robin is the default: the only one whose result can be told in advance. `{ hash: { on, name } }` keeps equal requests on one target. */
readonly "balance"?: ("round-robin" | "least-requests" | "random-two") | ({ readonly "hash": { 
/** What picks the target. */
readonly "on": "header" | "cookie" | "ip" | "path"; 
/** Of the header or cookie. */
readonly "name"?: string } }); 
/** In milliseconds; 504 beyond. */
readonly "timeouts"?: { 
/** Until connected, TLS included. 2 s: a healthy network needs one. */
readonly "connectMs"?: number; 
/** From the end of the request to the first byte of the answer. 60 s. */
readonly "firstByteMs"?: number; 
/** Between two pieces of an answer. 60 s. */
readonly "idleMs"?: number }; 
/** Connections to the targets, kept for the next request. */
readonly "pool"?: { 
/** Per target and thread. A body that says it holds 64 KiB or less takes none before it is there; a longer one holds one for as long as it comes. */
readonly "maxConnections"?: number; 
/** Requests in flight on one connection. Above 1 only those that are safe to replay share one. */
readonly "pipelining"?: number; 
/** Requests in flight on one connection of HTTP/2, or what the target allows if that is less. 100, as RFC 9113 recommends. */
readonly "streams"?: number; 
/** May requests of different callers share a pipelined connection? No: one must not wait for another. On HTTP/2 nobody waits, so it does not count there. */
readonly "shareCallers"?: boolean; 
/** How long a connection waits unused. 4 s: below the 5 s after which many servers close; a target's `Keep-Alive: timeout` minus 1 s if less. */
readonly "idleMs"?: number; 
/** Requests that wait for a connection, per target and thread; 503 beyond. */
readonly "maxWaiting"?: number }; 
/** Nothing is checked or left out unless asked for. */
readonly "health"?: { 
/** Learns from traffic. Off if absent; `{}` takes the defaults. */
readonly "passive"?: { 
/** Failures in a row before a target is left out. */
readonly "failures"?: number; 
/** Answers that are failures, beside broken connections and time-outs. */
readonly "statuses"?: readonly ((number) | (string))[]; 
/** How long it is left out. */
readonly "ejectMs"?: number; 
/** Never leave out more of the targets: the rest would break under the load. */
readonly "maxEjectedPercent"?: number }; 
/** Asks the targets. Off if absent; `{}` takes the defaults. */
readonly "active"?: { 
/** What is asked for, by GET. */
readonly "path"?: string; 
/** Between two probes of a target. 5 s. */
readonly "intervalMs"?: number; 
/** Of one probe. 2 s. */
readonly "timeoutMs"?: number; 
/** Good probes in a row before a target comes back. */
readonly "healthyAfter"?: number; 
/** Bad probes in a row before a target is left out. */
readonly "unhealthyAfter"?: number; 
/** Which answers are good. */
readonly "statuses"?: readonly ((number) | (string))[]; 
/** Sent with each probe. */
readonly "headers"?: Readonly<Record<string, string>> } }; 
/** Answers 503 while the upstream fails. Off if absent. */
readonly "breaker"?: { 
/** Opens when this share of a window failed. */
readonly "failurePercent"?: number; 
/** Fewer in a window say nothing. */
readonly "minRequests"?: number; 
/** Length of the window. */
readonly "windowMs"?: number; 
/** How long it answers 503 before it lets one request try. */
readonly "openMs"?: number }; 
/** `upstream`: the target's authority. `preserve`: what the client sent. Else: this value. */
readonly "hostHeader"?: string; 
/** Adds `Via` to forwarded requests (RFC 9110 §7.6.3). */
readonly "via"?: boolean; 
/** What is accepted of an answer. */
readonly "limits"?: { 
/** Longest head of an answer; 502 beyond. */
readonly "headerBytes"?: number; 
/** Most fields of an answer; 502 beyond. */
readonly "headerFields"?: number } }

export type CertificateBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Gateways that run this environment show it. */
readonly "environment": string; 
/** The certificate in PEM, then those between it and the CA. */
readonly "cert"?: string; 
/** The secret of the environment that holds its private key in PEM: `${secret:NAME}`. */
readonly "key"?: string; 
/** Ordered and renewed by each gateway that shows it, and kept in its data folder. */
readonly "acme"?: { 
/** Names of the certificate. A wildcard such as `*.example.com` needs a `dns` challenge. */
readonly "hosts": readonly (string)[]; 
/** The CA's directory URL (RFC 8555 §7.1.1). */
readonly "directory"?: string; 
/** Whom the CA may write to. */
readonly "email"?: string; 
/** How the names are proven. http-01: the CA asks on port 80. tls-alpn-01: on port 443. `dns`: by a TXT record; the only one for wildcards. */
readonly "challenge"?: "http-01" | "tls-alpn-01"; 
/** Of the certificate. */
readonly "keyType"?: "ecdsa-p256" | "rsa-2048"; 
/** Common name of the issuer to choose where the CA offers several chains. */
readonly "preferredChain"?: string }; 
/** Staple the CA's statement that it is not revoked, where it names a responder. True if absent. */
readonly "ocsp"?: boolean }

export type PolicyListBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Stand wherever a list of policies says `{ use: … }` with its id. */
readonly "policies": readonly ((PolicyUse) | (ListUse))[] }

export type PlanBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: its callers are refused wherever plans count. True if absent. */
readonly "enabled"?: boolean; 
/** Run for callers of this plan, right after they are known, or where `{ policy: plan }` stands. */
readonly "policies"?: readonly ((PolicyUse) | (ListUse))[]; 
/** What it opens: callers of this plan are refused elsewhere. Everything if absent. */
readonly "apis"?: readonly ({ 
/** The id of an API. */
readonly "api": string; 
/** Ids of its routes; all if absent. */
readonly "routes"?: readonly (string)[] })[]; 
/** What people read as its price: `free`, `49 € a month`. Nothing is charged. */
readonly "price"?: string; 
/** True: a subscription waits until somebody approves it. False if absent. */
readonly "approvalNeeded"?: boolean }

export type ProductBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Ids of the APIs that it sells, of its own team. */
readonly "apis": readonly (string)[]; 
/** Ids of the plans that it is sold on. A plan that opens some APIs sells these alone. */
readonly "plans": readonly (string)[]; 
/** Who finds it: everybody, who has logged in, or its team alone. `team` if absent. */
readonly "visibility"?: "public" | "signed-in" | "team" }

export type AppBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Whose it is: `user:<uid>` or `team:<id>`. Its team if absent. */
readonly "owner"?: string; 
/** False: all of its keys are refused. True if absent. */
readonly "enabled"?: boolean; 
/** Other options for the policies of its team's plans: by the id of the plan, then by the `id` of the use or the name of its policy. `null` takes an option away. */
readonly "overrides"?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> }

export type TeamBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string }

export type RoleBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** What its holders may do. `<kind>:*` is everything that may be done with that kind. */
readonly "permissions": readonly (string)[] }

export type RuleBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** For what it is asked: once for the API, or for each `route` or `operation`, which the expression then sees by this name. */
readonly "each"?: "api" | "route" | "operation"; 
/** CEL that has to be true. It sees `api`, `environment`, `owner`, `tags` and `operations`. One that fails is a fault. */
readonly "expression": string; 
/** What to do where it is not true. */
readonly "message": string; 
/** A fault keeps an API from being published; a warning does not. */
readonly "severity"?: "fault" | "warning"; 
/** Of which APIs it has to be true. All that is said has to fit; of every API if absent. */
readonly "where"?: { 
/** Only APIs of these teams. */
readonly "teams"?: readonly (string)[]; 
/** Only where an API goes to one of these environments. */
readonly "environments"?: readonly (string)[]; 
/** Only APIs with one of these tags. */
readonly "tags"?: readonly (string)[] } }

export type TeamRuleBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** For what it is asked: once for the API, or for each `route` or `operation`, which the expression then sees by this name. */
readonly "each"?: "api" | "route" | "operation"; 
/** CEL that has to be true. It sees `api`, `environment`, `owner`, `tags` and `operations`. One that fails is a fault. */
readonly "expression": string; 
/** What to do where it is not true. */
readonly "message": string; 
/** A fault keeps an API from being published; a warning does not. */
readonly "severity"?: "fault" | "warning"; 
/** Of which APIs it has to be true. All that is said has to fit; of every API if absent. */
readonly "where"?: { 
/** Only APIs of these teams. */
readonly "teams"?: readonly (string)[]; 
/** Only where an API goes to one of these environments. */
readonly "environments"?: readonly (string)[]; 
/** Only APIs with one of these tags. */
readonly "tags"?: readonly (string)[] } }

export type FederationBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** The `iss` of its tokens. Its keys are found by discovery. */
readonly "issuer": string; 
/** Where its keys are, if it has no discovery. */
readonly "jwksUrl"?: string; 
/** The `aud` of its tokens: they were made for this control plane, and for nobody else. */
readonly "audience": string; readonly "algorithms"?: readonly ("RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "ES512" | "EdDSA")[]; 
/** All of them hold. The issuer signs for all of its customers: say which one is yours. */
readonly "conditions": readonly ({ 
/** Its name, such as `repository` or `sub`. */
readonly "claim": string; 
/** The claim is exactly this. */
readonly "is"?: string; 
/** The claim begins with this: `repo:acme/`, with its slash. */
readonly "startsWith"?: string })[]; 
/** What the token may that is given for it. */
readonly "grants": readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; readonly "lifetimeSeconds"?: number }

export type NodeGroupBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Ids of environments whose APIs run on its nodes. All of them if absent. */
readonly "environments"?: readonly (string)[]; 
/** APIs that run on its nodes: `orders`, and `shop.orders` of the team `shop`. All if absent. */
readonly "apis"?: readonly (string)[]; 
/** Names of nodes that come with a certificate for that name instead of a token. */
readonly "nodes"?: readonly (string)[] }

export type WebhookBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** Where events are sent to. Addresses of this machine and of private networks have to be allowed to the control plane. */
readonly "url": string; 
/** What it is told of, of its own team: as the audit log says it. `*` is everything. */
readonly "events": readonly (string)[]; 
/** False: nothing is sent. True if absent. */
readonly "enabled"?: boolean }

export type IdentityProviderBody = { 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** The OpenID provider. What it offers is found by discovery. */
readonly "issuer": string; 
/** As which it knows this control plane; `PUT …/secret` has the secret. */
readonly "clientId": string; 
/** `openid` is always among them. */
readonly "scopes"?: readonly (string)[]; 
/** The claim that lists the groups of a person. */
readonly "groupsClaim"?: string; 
/** What the members of a group may do, by the name of the group. It follows the groups at each login. */
readonly "groups"?: Readonly<Record<string, readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]>>; 
/** What everybody may do whom the provider logs in. */
readonly "grants"?: readonly ({ 
/** Id of a role. */
readonly "role": string; 
/** Id of the team in which it counts; `*` is every team. */
readonly "team": ("*") | (string); 
/** Ids: it counts for these APIs alone. For everything of the team if absent. */
readonly "apis"?: readonly (string)[]; 
/** Ids: it counts for what is done in these environments alone. For everything of the team if absent. */
readonly "environments"?: readonly (string)[] })[]; 
/** Nobody logs in otherwise, but accounts that are kept for an emergency (`isBreakGlass`). */
readonly "isEnforced"?: boolean }


/** Conditions beside host, path and method. The most conditions are tried first. */
export type Predicates = { 
/** All of them match. */
readonly "headers"?: readonly (Match)[]; 
/** All of them match. */
readonly "query"?: readonly (Match)[]; 
/** All of them match. */
readonly "cookies"?: readonly (Match)[] }

export type Match = { 
/** Of the header (in any letter case), query parameter or cookie. */
readonly "name": string; 
/** The value is exactly this. */
readonly "exact"?: string; 
/** The value begins with this. */
readonly "prefix"?: string; 
/** True: it is there. False: it is not. */
readonly "present"?: boolean; 
/** The whole value matches this regular expression (RE2 syntax: it runs in linear time). */
readonly "pattern"?: string }


/** One use of a policy. The order of the list is the order in which they run. */
export type PolicyUse = { 
/** The name of a built-in policy or of one from `extensions`. */
readonly "policy": string; 
/** The policy's own options; its documentation page lists them. */
readonly "options"?: Readonly<Record<string, unknown>>; 
/** The use runs only where this CEL condition is true. What is neither true nor false refuses the request. */
readonly "when"?: Cel; 
/** False: it stays in the list and does not run. */
readonly "enabled"?: boolean; 
/** Names its state (counters, caches), which survives reloads; if absent, place and name do. */
readonly "id"?: string }


/** A condition in CEL; only the value `true` is true, and one that fails is a problem. */
export type Cel = string


/** A policy list, in the place of its policies. */
export type ListUse = { 
/** The id of a policy list: its policies stand here, in their order. */
readonly "use": string; 
/** False: none of them runs here. True if absent. */
readonly "enabled"?: boolean }


/** A text with `${ CEL }` parts, such as "user-${caller.id}" (`$${` is a literal `${`), or one `{ language: source }`. */
export type Expression = (string) | ({ readonly "cel": string })

export type Upstream = { readonly "id": string; 
/** A name for people. */
readonly "title"?: string; 
/** What it is for; Markdown. */
readonly "description"?: string; 
/** Words to find it by. */
readonly "tags"?: readonly (string)[]; 
/** Who answers for it: a team or a person. */
readonly "owner"?: string; 
/** False: it stays in the file, is checked, and does nothing. True if absent. */
readonly "enabled"?: boolean; 
/** Servers that answer alike. */
readonly "targets": readonly (Target)[]; 
/** What is spoken to the targets. http1: HTTP/1.1. h2: HTTP/2 over TLS. h2c: HTTP/2 without TLS. auto: over TLS, whichever the target chooses (ALPN), HTTP/2 rather than HTTP/1.1; without TLS, HTTP/1.1. gRPC needs HTTP/2. */
readonly "protocol"?: "http1" | "h2" | "h2c" | "auto"; readonly "tls"?: UpstreamTls; 
/** How a target is chosen. round-robin is the default: the only one whose result can be told in advance. `{ hash: { on, name } }` keeps equal requests on one target. */
readonly "balance"?: ("round-robin" | "least-requests" | "random-two") | ({ readonly "hash": { 
/** What picks the target. */
readonly "on": "header" | "cookie" | "ip" | "path"; 
/** Of the header or cookie. */
readonly "name"?: string } }); 
/** In milliseconds; 504 beyond. */
readonly "timeouts"?: { 
/** Until connected, TLS included. 2 s: a healthy network needs one. */
readonly "connectMs"?: number; 
/** From the end of the request to the first byte of the answer. 60 s. */
readonly "firstByteMs"?: number; 
/** Between two pieces of an answer. 60 s. */
readonly "idleMs"?: number }; 
/** Connections to the targets, kept for the next request. */
readonly "pool"?: { 
/** Per target and thread. A body that says it holds 64 KiB or less takes none before it is there; a longer one holds one for as long as it comes. */
readonly "maxConnections"?: number; 
/** Requests in flight on one connection. Above 1 only those that are safe to replay share one. */
readonly "pipelining"?: number; 
/** Requests in flight on one connection of HTTP/2, or what the target allows if that is less. 100, as RFC 9113 recommends. */
readonly "streams"?: number; 
/** May requests of different callers share a pipelined connection? No: one must not wait for another. On HTTP/2 nobody waits, so it does not count there. */
readonly "shareCallers"?: boolean; 
/** How long a connection waits unused. 4 s: below the 5 s after which many servers close; a target's `Keep-Alive: timeout` minus 1 s if less. */
readonly "idleMs"?: number; 
/** Requests that wait for a connection, per target and thread; 503 beyond. */
readonly "maxWaiting"?: number }; 
/** Nothing is checked or left out unless asked for. */
readonly "health"?: { 
/** Learns from traffic. Off if absent; `{}` takes the defaults. */
readonly "passive"?: { 
/** Failures in a row before a target is left out. */
readonly "failures"?: number; 
/** Answers that are failures, beside broken connections and time-outs. */
readonly "statuses"?: readonly ((number) | (string))[]; 
/** How long it is left out. */
readonly "ejectMs"?: number; 
/** Never leave out more of the targets: the rest would break under the load. */
readonly "maxEjectedPercent"?: number }; 
/** Asks the targets. Off if absent; `{}` takes the defaults. */
readonly "active"?: { 
/** What is asked for, by GET. */
readonly "path"?: string; 
/** Between two probes of a target. 5 s. */
readonly "intervalMs"?: number; 
/** Of one probe. 2 s. */
readonly "timeoutMs"?: number; 
/** Good probes in a row before a target comes back. */
readonly "healthyAfter"?: number; 
/** Bad probes in a row before a target is left out. */
readonly "unhealthyAfter"?: number; 
/** Which answers are good. */
readonly "statuses"?: readonly ((number) | (string))[]; 
/** Sent with each probe. */
readonly "headers"?: Readonly<Record<string, string>> } }; 
/** Answers 503 while the upstream fails. Off if absent. */
readonly "breaker"?: { 
/** Opens when this share of a window failed. */
readonly "failurePercent"?: number; 
/** Fewer in a window say nothing. */
readonly "minRequests"?: number; 
/** Length of the window. */
readonly "windowMs"?: number; 
/** How long it answers 503 before it lets one request try. */
readonly "openMs"?: number }; 
/** `upstream`: the target's authority. `preserve`: what the client sent. Else: this value. */
readonly "hostHeader"?: string; 
/** Adds `Via` to forwarded requests (RFC 9110 §7.6.3). */
readonly "via"?: boolean; 
/** What is accepted of an answer. */
readonly "limits"?: { 
/** Longest head of an answer; 502 beyond. */
readonly "headerBytes"?: number; 
/** Most fields of an answer; 502 beyond. */
readonly "headerFields"?: number } }


/** A URL, or a URL and a weight. */
export type Target = (string) | ({ 
/** `http://host:port/prefix` or `https://…`; its path stands before the forwarded one. */
readonly "url": string; 
/** Share among its siblings; 0 takes no new requests. */
readonly "weight"?: number })


/** For targets with `https://`. Paths are relative to this file. */
export type UpstreamTls = { 
/** False: any certificate will do, and whoever stands between can read and change everything. */
readonly "verify"?: boolean; 
/** PEM file of CAs, instead of the system's. */
readonly "ca"?: string; 
/** The name that is asked for (SNI) and must stand in the certificate. The host of the target if absent. */
readonly "serverName"?: string; 
/** Shown to targets that ask for one. */
readonly "clientCertificate"?: { 
/** PEM file: the certificate, then those between it and the CA. */
readonly "cert": string; 
/** PEM file with its private key, not encrypted. */
readonly "key": string }; 
/** The oldest version of TLS that is spoken. */
readonly "minVersion"?: "1.2" | "1.3" }


/** Whom the gateway may connect to because this configuration names them: targets of upstreams and their health checks, and what policies call (identity providers, directories, other services). By address, after DNS, for every connection; of a name with several addresses, those that are denied are left out. An IPv4 address that is denied is so as well where an IPv6 address stands for it (NAT64, 6to4 and the like). Link-local addresses and others where clouds tell machines who they are are not connected to unless they are allowed. */
export type Egress = { 
/** Addresses and CIDR ranges that are not connected to: `[10.0.0.0/8, 127.0.0.0/8]`, for instance. */
readonly "deny"?: readonly (string)[]; 
/** Addresses and CIDR ranges that are connected to, whatever is denied. */
readonly "allow"?: readonly (string)[] }


/** RFC 9457. Members beside these depend on the problem. */
export type Problem = { 
/** `urn:gatewright:problem:<code>` */
readonly "type": string; readonly "title": string; readonly "status": number; readonly "detail": string; readonly "instance": string }
