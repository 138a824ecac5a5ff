/** Owns the words of what runs: `GatewayModel`, plain data that a snapshot is made of and threads compile. */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type ListenerId = Branded<'ListenerId'>
export type CertificateId = Branded<'CertificateId'>
export type UpstreamId = Branded<'UpstreamId'>
export type ApiId = Branded<'ApiId'>
export type RouteId = Branded<'RouteId'>
export type PlanId = Branded<'PlanId'>
export type AppId = Branded<'AppId'>
export type OperationId = Branded<'OperationId'>

/** What every resource may say about itself. */
export interface Described {
  readonly title?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly owner?: string
  readonly enabled?: boolean
}

/** A condition in CEL; only the value `true` is true. */
export type Cel = string

/** A value that may depend on the request: a literal with `${ CEL }` parts, or one `{ language: source }`. */
export type Expression = string | { readonly [language: string]: string }

/** One use of a policy: data. List order is running order. */
export interface PolicyUse {
  readonly policy: string
  /** Parsed by the policy's own schema; unknown here. */
  readonly options: unknown
  readonly when?: Cel
  readonly enabled?: boolean
  /** State (counters, caches) belongs to this id, else to scope + policy + ordinal. */
  readonly id?: string
}

/** One predicate: exactly one of `exact`, `prefix`, `present`, `pattern` (linear-time, RE2 syntax). */
export interface Match {
  readonly name: string
  readonly exact?: string
  readonly prefix?: string
  readonly present?: boolean
  readonly pattern?: string
}

export interface Predicates {
  readonly headers?: readonly Match[]
  readonly query?: readonly Match[]
  readonly cookies?: readonly Match[]
}

/** Limits of one listener. Sizes in bytes, times in milliseconds. */
export interface ListenerLimits {
  /** Longest request line, without CRLF; 414 beyond. */
  readonly requestLineBytes: number
  /** Longest header block; 431 beyond. */
  readonly headerBytes: number
  readonly headerFields: number
  /** Largest request body; 413 beyond. A route may say otherwise. */
  readonly bodyBytes: number
  /** From the first byte of a head to its end; 408 beyond. */
  readonly headTimeoutMs: number
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeTimeoutMs: number
  /** Slowest acceptable body, measured only while we read. 0 is off. */
  readonly bodyMinBytesPerSecond: number
  readonly keepAliveMs: number
  /** Requests on one connection before it is closed. 0 is without limit. */
  readonly requestsPerConnection: number
  /** 0 is off. Trusted proxies are exempt. */
  readonly connectionsPerAddress: number
  /** 0 is without limit. Per process. */
  readonly connections: number
  /** Idle time of tunnels and of `text/event-stream` answers. */
  readonly tunnelIdleMs: number
  /** How long a tunnel may live at all. 0 is without limit. */
  readonly tunnelMaxAgeMs: number
}

/** A PEM file: the path that a file of the configuration names, and what stood in it when that was read. */
export interface PemFile {
  readonly path: string
  /** SHA-256 of its text: what threads find it by; '' where it could not be read. */
  readonly sha256: string
}

/** A certificate that is ordered by RFC 8555. Secrets are named by their files. */
export interface Acme {
  readonly hosts: readonly string[]
  readonly directory: string
  readonly email?: string
  readonly externalAccount?: { readonly keyId: string; readonly keyFile: string }
  readonly challenge: AcmeChallenge
  readonly keyType: 'ecdsa-p256' | 'rsa-2048'
  readonly preferredChain?: string
  /** Path of a PEM file. */
  readonly ca?: string
}

export type AcmeChallenge =
  | 'http-01'
  | 'tls-alpn-01'
  | {
      readonly dns: ({ readonly rfc2136: DynamicUpdate } | { readonly hook: DnsHook }) & {
        /** `host:port` of the name servers that must answer the record; absent: those of the zone. */
        readonly checkAt?: readonly string[]
      }
    }

/** RFC 2136 with TSIG (RFC 8945). */
export interface DynamicUpdate {
  readonly server: string
  readonly zone?: string
  readonly keyName?: string
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'
  readonly secretFile?: string
  readonly ttlSeconds: number
}

export interface DnsHook {
  readonly command: readonly string[]
}

/** Where certificates come from; paths are absolute, or relative to the working folder. */
export interface CertificateSource extends Described {
  readonly id: CertificateId
  readonly from:
    | { readonly kind: 'files'; readonly cert: string; readonly key: string }
    | { readonly kind: 'folder'; readonly folder: string }
    /** The texts themselves. */
    | { readonly kind: 'pem'; readonly cert: string; readonly key: string }
    | { readonly kind: 'acme'; readonly acme: Acme }
  /** Staple OCSP answers where a responder is named. */
  readonly ocsp: boolean
}

export type TlsProfile = 'modern' | 'intermediate' | 'compatible'

/** All members must hold. */
export interface CertificateRule {
  readonly dns?: string
  readonly uri?: string
  readonly email?: string
  readonly subject?: Readonly<Record<string, string>>
}

export interface ClientCertificates {
  readonly mode: 'require' | 'request'
  readonly ca: PemFile
  /** Most certificates between the client's and its CA. */
  readonly depth: number
  readonly crl?: PemFile
  /** One must hold; absent: every certificate of the CAs. */
  readonly allow?: readonly CertificateRule[]
}

/** What is demanded of a connection before anything is answered on it. */
export interface TlsDemands {
  readonly profile: TlsProfile
  readonly clientCertificates?: ClientCertificates
}

export interface ListenerTls extends TlsDemands {
  /** Absent: all of the model. */
  readonly certificates?: readonly CertificateId[]
  readonly defaultCertificate?: CertificateId
  /** Names with demands of their own; `*.x` stands for one label. */
  readonly hosts: readonly ({ readonly names: readonly string[] } & TlsDemands)[]
}

export interface ListenerHttp2 {
  /** Over TLS. */
  readonly enabled: boolean
  /** Without TLS (RFC 9113 §3.3). */
  readonly priorKnowledge: boolean
  readonly streams: number
  /** Extended CONNECT (RFC 8441). */
  readonly webSockets: boolean
}

export interface Listener extends Described {
  readonly id: ListenerId
  readonly host: string
  readonly port: number
  /** Addresses and CIDR ranges whose forwarding fields are believed. Empty: nobody's, not even loopback's. */
  readonly trustedProxies: readonly string[]
  /** PROXY protocol v1/v2 is required from trusted proxies, and refused from others. */
  readonly proxyProtocol: boolean
  readonly tls?: ListenerTls
  readonly http2: ListenerHttp2
  /** Nothing is answered here but where else it is. */
  /** Without a port, it is that of HTTPS. */
  readonly redirectToHttps?: { readonly port?: number; readonly status: 301 | 302 | 307 | 308 }
  readonly hsts?: { readonly maxAgeSeconds: number; readonly includeSubDomains: boolean; readonly preload: boolean }
  readonly limits: ListenerLimits
}

export interface UpstreamTls {
  readonly verify: boolean
  readonly ca?: PemFile
  /** Asked for by SNI, and looked for in the certificate; absent: the target's host. */
  readonly serverName?: string
  readonly clientCertificate?: { readonly cert: PemFile; readonly key: PemFile }
  readonly minVersion: '1.2' | '1.3'
}

export type UpstreamProtocol = 'http1' | 'h2' | 'h2c' | 'auto'

export interface Target {
  /** `http://host:port/prefix` or `https://…`; its path stands before the forwarded path. */
  readonly url: string
  /** Share among its siblings; 0 takes no new requests. */
  readonly weight: number
}

export type Balance =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-requests' }
  | { readonly kind: 'random-two' }
  | { readonly kind: 'hash'; readonly on: 'header' | 'cookie' | 'ip' | 'path'; readonly name?: string }

export interface UpstreamTimeouts {
  readonly connectMs: number
  readonly firstByteMs: number
  readonly idleMs: number
}

export interface UpstreamPool {
  /** Per target and thread. */
  readonly maxConnections: number
  /** Requests in flight on one connection; above 1 only those that are safe to replay share one. */
  readonly pipelining: number
  /** Requests in flight on one connection of HTTP/2, or what the target allows if that is less. */
  readonly streams: number
  /** May requests of different callers share a pipelined connection? */
  readonly shareCallers: boolean
  /** How long a connection may wait unused; the target's `Keep-Alive: timeout` minus 1 s if that is less. */
  readonly idleMs: number
  /** Requests waiting for a connection, per target and thread; 503 beyond. */
  readonly maxWaiting: number
}

export interface PassiveHealth {
  /** Failures in a row before a target is left out. */
  readonly failures: number
  /** Which answers are failures, beside broken connections and time-outs. */
  readonly statuses: readonly number[]
  readonly ejectMs: number
  /** Never leave out more than this share of targets. */
  readonly maxEjectedPercent: number
}

export interface ActiveHealth {
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly healthyAfter: number
  readonly unhealthyAfter: number
  readonly statuses: readonly number[]
  readonly headers?: Readonly<Record<string, string>>
}

export interface Breaker {
  /** Open when this share of the last window's requests failed. */
  readonly failurePercent: number
  readonly minRequests: number
  readonly windowMs: number
  readonly openMs: number
}

export interface Upstream extends Described {
  readonly id: UpstreamId
  readonly targets: readonly Target[]
  readonly protocol: UpstreamProtocol
  /** For `https:` targets. */
  readonly tls: UpstreamTls
  readonly balance: Balance
  readonly timeouts: UpstreamTimeouts
  readonly pool: UpstreamPool
  readonly health: { readonly passive?: PassiveHealth; readonly active?: ActiveHealth }
  readonly breaker?: Breaker
  /** `upstream`: the target's authority. `preserve`: what the client sent. Else: this value. */
  readonly hostHeader: 'upstream' | 'preserve' | { readonly value: string }
  /** Largest answer head accepted. */
  readonly limits: { readonly headerBytes: number; readonly headerFields: number }
  readonly via: boolean
}

export interface ErrorShape {
  readonly status?: number
  readonly headers?: Readonly<Record<string, Expression>>
  readonly body?: Expression
}

/** Problem code, `4xx`, `5xx` or `default` → how this API answers it. */
export type ErrorShapes = Readonly<Record<string, ErrorShape>>

export interface Route extends Described {
  readonly id: RouteId
  /** Absent: every method. */
  readonly methods?: readonly string[]
  /** Template below the base path: literals, `{name}`, a last `{name+}`. */
  readonly path: string
  readonly match?: Predicates
  readonly operation?: OperationId
  readonly upstream?: UpstreamId
  /** Tokens of `Upgrade`, besides `websocket`, that may become tunnels. */
  readonly upgrades?: readonly string[]
  /** Overrides the listener's. */
  readonly bodyBytes?: number
  readonly policies: readonly PolicyUse[]
}

export interface Release extends Pick<Described, 'title' | 'description'> {
  readonly revision: string
  /** Share of traffic, 0–100; all shares of an API sum to 100. */
  readonly share?: number
  readonly when?: Cel
  /** Whose requests it gets once they are known, whatever the shares and conditions. */
  readonly apps?: readonly AppId[]
  /** Not live: for whoever brings the token with this SHA-256, in lower-case hex, until then (milliseconds since the epoch). */
  readonly preview?: { readonly hash: string; readonly expires: number }
  readonly routes: readonly Route[]
  readonly policies: readonly PolicyUse[]
  readonly upstream?: UpstreamId
}

/** That it is on its way out: times in milliseconds since the epoch, links as URLs or paths. */
export interface Lifecycle {
  readonly state: 'deprecated' | 'retired'
  /** There where it is deprecated. */
  readonly deprecatedAtMs?: number
  readonly sunsetAtMs?: number
  readonly successor?: string
  readonly link?: string
}

export interface Api extends Described {
  readonly id: ApiId
  readonly version?: string
  /** Shared by its versions. */
  readonly family?: string
  readonly environment?: string
  /** Before those of the gateway. */
  readonly variables?: Readonly<Record<string, string>>
  readonly lifecycle?: Lifecycle
  readonly products?: readonly string[]
  readonly hosts?: readonly string[]
  /** `''` for the root, else `/segment…` without a trailing slash. */
  readonly basePath: string
  readonly stripBasePath: boolean
  readonly match?: Predicates
  /** SHA-256 of the OpenAPI document. */
  readonly openapi?: string
  readonly upstream?: UpstreamId
  /** What is forwarded: the normal form that was matched, or the path as received. */
  readonly paths: 'normal' | 'received'
  /** False: a trailing slash makes no difference to matching. */
  readonly strictSlash: boolean
  /** False: letter case makes no difference to matching. */
  readonly caseSensitive: boolean
  readonly policies: readonly PolicyUse[]
  readonly errors: ErrorShapes
  readonly releases: readonly Release[]
  /** Who stays with a release; the client's address if absent. */
  readonly releaseKey?: Cel
}

/** Limits and quotas sold together. One that is not enabled refuses its callers. */
export interface Plan extends Described {
  readonly id: PlanId
  readonly policies: readonly PolicyUse[]
  /** Which APIs and routes it opens; absent: all. */
  readonly apis?: readonly { readonly api: ApiId; readonly routes?: readonly RouteId[] }[]
  /** By app, what is different for it. */
  readonly overrides?: Readonly<Record<string, PlanOverrides>>
}

/** Other options, by the id of a use or the name of its policy: merged into those of the use, where `null` takes one away. */
export type PlanOverrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Which plan counts where. */
export interface PlanChoice {
  readonly plan?: PlanId
  /** By API; where it says nothing, `plan` counts. */
  readonly plans?: Readonly<Record<string, PlanId>>
}

export interface AccessLog {
  readonly to: 'stdout' | 'off' | { readonly file: string }
}

/** CIDR ranges and addresses. */
export interface EgressRules {
  /** Not called, beside those of machines of clouds that tell who they are. */
  readonly deny: readonly string[]
  /** Called, whatever is denied. */
  readonly allow: readonly string[]
}

export interface GatewayModel {
  /** Readable for two majors. */
  readonly gatewright: 1
  readonly listeners: readonly Listener[]
  readonly certificates: readonly CertificateSource[]
  readonly upstreams: readonly Upstream[]
  /** Global uses, outermost. */
  readonly policies: readonly PolicyUse[]
  readonly apis: readonly Api[]
  readonly plans: readonly Plan[]
  readonly variables: Readonly<Record<string, string>>
  /** Modules that define users' own policies: absolute paths or package names. */
  readonly extensions: readonly string[]
  readonly accessLog: AccessLog
  /** Whom policies may call. */
  readonly egress: EgressRules
  /** Base of problem `type` URIs; absent: `urn:gatewright:problem:`. */
  readonly problemBase?: string
}

/** A key as the credentials feed carries it: never the key, always its hash. */
export interface Key extends PlanChoice {
  /** SHA-256 in lower-case hex; others begin with their name: `sha384:`, `sha512:`, and `argon2id:` for keys that could be guessed. */
  readonly hash: string
  readonly app: AppId
  /** Milliseconds since the epoch, as is `expires`. */
  readonly notBefore?: number
  readonly expires?: number
  readonly enabled?: boolean
}

/** Who calls with a name and a password, on behalf of an app. */
export interface User extends PlanChoice {
  readonly name: string
  readonly app: AppId
  /** Salted, in the PHC or crypt form: `$argon2id$…`, `$2b$…`. */
  readonly passwordHash: string
  /** Milliseconds since the epoch, as is `expires`. */
  readonly notBefore?: number
  readonly expires?: number
  readonly enabled?: boolean
}

export interface App extends Described, PlanChoice {
  readonly id: AppId
  readonly keys: readonly Key[]
  /** Absent: it has none. */
  readonly users?: readonly User[]
}
