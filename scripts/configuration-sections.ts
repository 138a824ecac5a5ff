/** Owns the sections of docs/configuration.md: their order, what stands before each table, and whole examples that a test validates. */

export interface Section {
  readonly title: string
  readonly text: string
  /** Of `$defs`; '' is the file itself; absent: only text. */
  readonly definition?: string
  /** Shows the keys that every resource has, which the other sections leave out. */
  readonly isShared?: boolean
}

export function findSection(definition: string): Section | undefined {
  return SECTIONS.find((section) => section.definition === definition && section.isShared !== true)
}

export const SECTIONS: readonly Section[] = [
  {
    title: 'The file',
    definition: '',
    text: `YAML or JSON. The least that runs:

\`\`\`yaml
gatewright: 1
apis:
  - { id: orders, basePath: /orders, upstream: "http://127.0.0.1:9001" }
\`\`\``,
  },
  {
    title: 'Every resource',
    definition: 'Listener',
    isShared: true,
    text: 'Listeners, upstreams, APIs, routes, plans and apps may all say this of themselves. The tables below leave it out.',
  },
  {
    title: 'Listeners',
    definition: 'Listener',
    text: `Sockets for clients, their limits, and whom they believe. How the pieces fit: [behind a load balancer](how-to/behind-a-load-balancer.md),
[time-outs and limits](how-to/time-outs-and-limits.md).

\`\`\`yaml
gatewright: 1
listeners:
  - id: public
    port: 8080
    trustedProxies: [10.0.0.0/8]
    limits: { bodyBytes: 10485760, connectionsPerAddress: 100 }
\`\`\``,
  },
  {
    title: 'TLS of a listener',
    definition: 'ListenerTls',
    text: `\`tls: {}\` shows every certificate of the file, by the name that a client asks for (SNI): an exact name first, then a
wildcard. More in [TLS, certificates and HTTP/2](how-to/tls.md).

\`\`\`yaml
gatewright: 1
listeners:
  - { id: plain, port: 80, redirectToHttps: true }
  - id: public
    port: 443
    hsts: true
    tls:
      hosts:
        - names: [partners.example.com]
          clientCertificates: { ca: ./partners-ca.pem, allow: [{ dns: "*.partner.example" }] }
certificates:
  - { id: wildcard, cert: ./example.com.pem, key: ./example.com.key }
\`\`\``,
  },
  {
    title: 'Certificates',
    definition: 'Certificate',
    text: `From files, from a folder of many, or ordered from a CA by ACME and renewed by themselves.

\`\`\`yaml
gatewright: 1
listeners:
  - { id: plain, port: 80, redirectToHttps: true }
  - { id: public, port: 443, tls: {} }
certificates:
  - { id: customers, folder: ./customers }
  - id: shop
    acme: { hosts: [shop.example.com], email: ops@example.com }
\`\`\``,
  },
  {
    title: 'Upstreams',
    definition: 'Upstream',
    text: `Equal targets behind one name. No health check, ejection, breaker or retry happens unless the file asks for it.

\`\`\`yaml
gatewright: 1
upstreams:
  - id: orders
    targets:
      - { url: "http://10.0.0.5:9001", weight: 2 }
      - http://10.0.0.6:9001
    balance: least-requests
    timeouts: { connectMs: 1000, firstByteMs: 15000 }
    pool: { maxConnections: 64 }
    health:
      passive: { failures: 3 }
      active: { path: /healthz }
    breaker: {}
apis:
  - { id: orders, basePath: /orders, upstream: orders }
\`\`\``,
  },
  {
    title: 'TLS to an upstream',
    definition: 'UpstreamTls',
    text: `A target with \`https://\` is verified: by the system's CAs and the name in its URL, unless this says otherwise.

\`\`\`yaml
gatewright: 1
upstreams:
  - id: billing
    targets: [https://billing.internal:8443]
    protocol: auto
    tls:
      ca: ./internal-ca.pem
      clientCertificate: { cert: ./gateway.pem, key: ./gateway.key }
apis:
  - { id: billing, basePath: /billing, upstream: billing }
\`\`\``,
  },
  {
    title: 'APIs',
    definition: 'Api',
    text: `What one team offers under one base path. The API with the exact host is chosen before one with a wildcard, that before one without
\`hosts\`; then the longest base path; inside the API that was chosen, its routes.

\`\`\`yaml
gatewright: 1
apis:
  - id: orders
    title: Orders
    hosts: [api.example.com, "*.example.org"]
    basePath: /orders
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: rate-limit, options: { limit: 100, windowSeconds: 60 } }
    errors:
      rate-limited: { headers: { X-Try: later }, body: '{"error":"slow down"}' }
    routes:
      - { id: list, methods: [GET], path: / }
      - { id: one, path: "/{orderId}" }
\`\`\`

More on \`errors\`: [your own errors](how-to/own-errors.md).`,
  },
  {
    title: 'Routes',
    definition: 'Route',
    text: 'Literal segments are tried before `{name}`, that before a last `{name+}`; a route with conditions before the same one without.',
  },
  {
    title: 'Releases',
    definition: 'Release',
    text: `Several forms of an API at the same time, each with a part of the requests: [releases](how-to/releases.md).

\`\`\`yaml
gatewright: 1
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    releases:
      - { revision: v1, share: 90 }
      - { revision: v2, share: 10, upstream: "http://127.0.0.1:9002" }
\`\`\``,
  },
  {
    title: 'Match',
    definition: 'Predicates',
    text: `Conditions on fields, query parameters and cookies, for an API or a route.

\`\`\`yaml
gatewright: 1
apis:
  - id: shop
    upstream: http://127.0.0.1:9001
    routes:
      - { id: beta, path: "/{rest+}", upstream: "http://127.0.0.1:9002", match: { headers: [{ name: X-Beta, present: true }] } }
      - { id: rest, path: "/{rest+}" }
\`\`\``,
  },
  { title: 'One match', definition: 'Match', text: 'One of the conditions beside the name, and only one.' },
  {
    title: 'Policy uses',
    definition: 'PolicyUse',
    text: `Under \`policies\` of the file, a plan, an API or a route. The list is the order; global uses run first, then the API's, then the
route's; a plan's run right behind the policy that recognised the caller, or where \`{ policy: plan }\` stands. What each policy takes is on [its page](policies/README.md),
what conditions see in [expressions](expressions.md), and how to write one in [your own policy](own-policy.md).

\`\`\`yaml
gatewright: 1
policies:
  - { policy: security-headers }
  - policy: rate-limit
    id: writes
    when: request.method in ['POST', 'PUT', 'DELETE']
    options: { limit: 10, windowSeconds: 1 }
apis:
  - { id: orders, upstream: "http://127.0.0.1:9001" }
\`\`\``,
  },
  {
    title: 'Policy lists',
    definition: 'PolicyList',
    text: `Policies that are written once and stand in many places. Wherever a list of policies may stand (in the file, a plan, an API, a release,
a route, another policy list), \`{ use: ID }\` stands for all policies of that list, in their order. It takes \`enabled\`, and no \`when\`: what a
condition is about may be another after each policy, so each policy of the list has its own. Options of policies such as \`any-of\` take no lists; put the \`any-of\` into one.

What policies count, they count in each place for itself, as if they were written there; a policy with an \`id\` counts all places together.
What is wrong in a list is told at its line, with who uses it.

\`\`\`yaml
gatewright: 1
policyLists:
  - id: defaults
    policies:
      - { policy: security-headers }
      - { policy: rate-limit, options: { limit: 100, windowSeconds: 60 } }
apis:
  - { id: orders, basePath: /orders, upstream: "http://127.0.0.1:9001", policies: [{ use: defaults }] }
  - { id: carts, basePath: /carts, upstream: "http://127.0.0.1:9002", policies: [{ policy: cors }, { use: defaults }] }
\`\`\``,
  },
  { title: 'Use of a policy list', definition: 'ListUse', text: 'In the place of a policy use.' },
  {
    title: 'Plans',
    definition: 'Plan',
    text: 'Whoever calls has at most one for each API. Callers of a plan that is switched off (`enabled: false`), or that does not open what they call, are refused: [sell plans to apps](how-to/plans-and-apps.md) says which plan counts where. `gatewright init --example keys-and-limits` writes two of them.',
  },
  {
    title: 'Apps and keys',
    definition: 'App',
    text: 'Who calls. A key is written as its hash only: [how to make one](how-to/hash-a-key.md).',
  },
  {
    title: 'Egress',
    definition: 'Egress',
    text: `Which addresses the gateway connects to because the file names them: targets and their health checks; what policies call
(identity providers, introspection, directories, whoever decides); authorities of ACME, the name servers of their challenges, and
responders of OCSP. Each is looked at after DNS, for every connection, and what is looked at is what is connected to. Redirects are not
followed. Of a name with several addresses those that are denied are left out. An IPv4 address that is denied is so too where an
IPv6 address stands for it (NAT64, 6to4, Teredo, ISATAP); what is allowed is allowed as it is written.

Link-local addresses, and others where clouds tell machines who they are, are denied unless \`allow\` names them. The name servers of
the machine itself are not meant.`,
  },
  {
    title: 'Access log',
    text: `\`accessLog: stdout\` (the default), \`accessLog: off\`, or \`accessLog: { file: ./access.log }\`. What a record holds:
[logs, metrics, health](how-to/logs-metrics-health.md). The program's own log always goes to stderr.`,
  },
  {
    title: 'Extensions',
    text: `\`extensions: [./policies/stamp.ts]\`: modules that export policies made by \`definePolicy\`. Paths are relative to the file that names them;
anything else is the name of an installed package. See [your own policy](own-policy.md).`,
  },
  {
    title: 'Overlays and folders',
    text: `\`--config\` takes a file or a folder. The \`*.yaml\`, \`*.yml\` and \`*.json\` of a folder are merged: each adds its own listeners,
upstreams, APIs, plans, policy lists and apps. An id, or a single value such as \`accessLog\`, that two files say is a fault.

\`--overlay prod.yaml\` changes parts of what \`--config\` says, and may be given several times. Maps are merged; lists whose items all have
ids are merged by id; any other list is replaced as a whole; \`null\` removes a key.
\`gatewright diff gatewright.yaml gatewright.yaml --overlay prod.yaml\` shows what it comes to.`,
  },
  {
    title: 'Values from outside',
    text: `\`\${env:NAME}\` is the environment variable, \`\${file:path}\` the text of a file (relative to the file that names it; a line end at
its end is left out). Both may stand in any value, also for a number or a switch, and in a part of a text. They are replaced once, when the file is
read, and what they put in is never read again: a file that \`\${file:…}\` names is watched, and what it says is live once it changes; a variable of the environment is
what it was when the process began. One that is missing is a fault, and so is one inside the source of a CEL expression: put it under \`variables\` and
read \`variables.<name>\` there.

What was put in is not shown again: messages, \`explain\`, \`routes\`, \`diff\` and \`test\` write \`\${env:NAME}\` where it would stand, or \`[redacted 1]\`.
Only of what runs the log names addresses as they are: a port that is open, a target that is down.

\`\`\`yaml
gatewright: 1
listeners:
  - { id: public, port: "\${env:PORT}" }
variables: { region: "\${env:REGION}" }
apis:
  - { id: orders, upstream: "\${env:ORDERS_URL}" }
\`\`\``,
  },
]
