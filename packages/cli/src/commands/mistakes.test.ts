/** What people get wrong when they write a file: each is said in one finding first that has its place and how to mend it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const SOUND = `gatewright: 1
listeners:
  - { id: public, port: 8080 }
upstreams:
  - id: orders
    targets:
      - { url: http://127.0.0.1:9001 }
policies:
  - { policy: security-headers }
apis:
  - id: orders
    title: Orders
    basePath: /orders
    upstream: orders
    policies:
      - { policy: key-auth, options: { in: header, name: X-Api-Key } }
      - { policy: rate-limit, options: { limit: 100, windowSeconds: 60 } }
    routes:
      - { id: list, methods: [GET], path: / }
      - { id: order, path: "/{orderId}" }
apps:
  - { id: acme, keys: [{ hash: "sha256:${'d7'.repeat(32)}" }] }
`

interface Mistake {
  readonly name: string
  /** What is right, and what stands there instead. */
  readonly change: readonly [right: string, wrong: string]
  /** The first finding, and what mends it. */
  readonly says: RegExp
}

// biome-ignore format: a table, one row a line
const MISTAKES: readonly Mistake[] = [
  { name: 'a line indented too little', change: ['    title: Orders', '   title: Orders'], says: /:12:1: fault: This line does not belong .*\n {4}Align it with its siblings/ },
  { name: 'a line indented too far', change: ['    upstream: orders', '      upstream: orders'], says: /:13:15: fault: A value stands here, and a map besides\.\n {4}Align the next line with this one/ },
  { name: 'a tab', change: ['    title: Orders', '\ttitle: Orders'], says: /:12:1: fault: Tabs .*\n {4}Indent with spaces/ },
  { name: 'a colon that is missing', change: ['title: Orders', 'title Orders'], says: /:12:5: fault: This is no key with a value\.\n {4}Is a colon missing/ },
  { name: 'a bracket that is missing', change: ['[GET],', '[GET,'], says: /:19:\d+: fault: Something is not closed: a \] is missing\.\n {4}Close it/ },
  { name: 'a quote that is missing', change: ['"/{orderId}"', '"/{orderId}'], says: /:20:\d+: fault: Something is not closed: a " is missing\.\n {4}Close it/ },
  { name: 'braces without quotes', change: ['"/{orderId}"', '/{orderId}'], says: /:20:29: fault: This cannot stand here\.\n {4}Quote values that hold one of \{/ },
  { name: 'a key twice', change: ['    title: Orders', '    title: Orders\n    title: Two'], says: /:13:5: fault: The key "title" stands here twice; the first is on line 12/ },
  { name: 'a key misspelt', change: ['basePath', 'basepath'], says: /:13:5: fault: The key "basepath" .*\n {4}Did you mean "basePath"/ },
  { name: 'no format', change: ['gatewright: 1\n', ''], says: /:1:1: fault: `gatewright` is missing.*\n {4}Write `gatewright: 1`/ },
  { name: 'another format', change: ['gatewright: 1', 'gatewright: 2'], says: /:1:13: fault: .*write `gatewright: 1`/ },
  { name: 'a map for a list', change: ['apis:\n  - id: orders\n    title', 'apis:\n    id: orders\n    title'], says: /:11:5: fault: A map is not a list.*\n {4}Begin each of its entries with "- "/ },
  { name: 'a text for a list', change: ['methods: [GET]', 'methods: GET'], says: /:19:30: fault: "GET" is not a list.*\n {4}Write `\[GET\]`/ },
  { name: 'a port too high', change: ['8080', '80800'], says: /:3:25: fault: 80800 is out of range: it must be at most 65535/ },
  { name: 'a number in quotes', change: ['8080', '"8080"'], says: /:3:25: fault: "8080" is not a number.*\n {4}Remove the quotes/ },
  { name: 'yes', change: ['port: 8080', 'port: 8080, proxyProtocol: yes'], says: /:3:46: fault: "yes" is not true or false.*\n {4}Write true/ },
  { name: 'seconds for milliseconds', change: ['    targets:', '    timeouts: { connectMs: 2s }\n    targets:'], says: /:6:28: fault: "2s" is not a number.*\n {4}Write 2000/ },
  { name: 'two listeners on one port', change: ['port: 8080 }', 'port: 8080 }\n  - { id: b, port: 8080 }'], says: /:4:20: fault: Port 8080 .* is taken by the listener "public" .*\n {4}Give one of the two another port/ },
  { name: 'an unknown policy', change: ['policy: rate-limit', 'policy: rate-limits'], says: /:17:19: fault: There is no policy "rate-limits".*\n {4}Did you mean "rate-limit"/ },
  { name: 'a policy as another gateway writes it', change: ['{ policy: security-headers }', 'security-headers: {}'], says: /:9:5: fault: [\s\S]*Write `\{ policy: security-headers, options: \{ … \} \}`/ },
  { name: 'an option misspelt', change: ['windowSeconds', 'windowSecond'], says: /:17:\d+: fault: rate-limit: The key "windowSecond" is not known here.*\n {4}Did you mean "windowSeconds"/ },
  { name: 'a list of scopes', change: ['{ policy: security-headers }', '{ policy: access, options: { scopes: [a, b] } }'], says: /:9:\d+: fault: access: A list is not a map\. .*\n {4}Write `\{ all: \[a, b\] \}` or `\{ any: \[a, b\] \}`\./ },
  { name: 'a secret of cookies that is too short', change: ['{ policy: security-headers }', '{ policy: oidc-login, options: { issuer: "https://a.example", clientId: a, clientSecret: b, cookie: { secrets: [abc] } } }'], says: /:9:\d+: fault: oidc-login: `secrets\[0\]`: draw at least 32 characters/ },
  { name: 'a secret of signatures that is too short', change: ['{ policy: security-headers }', '{ policy: hmac-auth, options: { keys: { a: { algorithm: hmac-sha256, secret: abc, app: acme } } } }'], says: /:9:82: fault: hmac-auth: `secret`: the secret has 3 bytes; it needs 16 at least\. / },
  { name: 'a variable for a key that is not set', change: [`hash: "sha256:${'d7'.repeat(32)}"`, 'value: "${env:NOT_SET}"'], says: /^\S+:22:\d+: fault: The environment variable NOT_SET is not set\. .*\n1 fault\.$/ },
  { name: 'an upstream that is not there', change: ['upstream: orders', 'upstream: order'], says: /:14:15: fault: There is no upstream "order".*\n {4}Did you mean "orders"/ },
  { name: 'no upstream', change: ['    upstream: orders\n', ''], says: /:11:5: fault: The API "orders" has no upstream.*\n {4}Add `upstream:`/ },
  { name: 'an id twice', change: ['id: order, path', 'id: list, path'], says: /:20:9: fault: The id "list" is taken .*\n {4}Give one of them another `id`/ },
  { name: 'a URL without its scheme', change: ['http://127.0.0.1:9001', 'localhost:9001'], says: /:7:16: fault: "localhost:9001" is no URL.*\n {4}Write "http:\/\/localhost:9001"/ },
  { name: 'a variable as shells write it', change: ['http://127.0.0.1:9001', '"${ORDERS_URL}"'], says: /:7:16: fault: .*\n {4}A variable of the environment is written "\$\{env:ORDERS_URL\}"/ },
  { name: 'a variable for a number as shells write it', change: ['8080', '"${PORT}"'], says: /:3:25: fault: .*\n {4}A variable of the environment is written "\$\{env:PORT\}"/ },
  { name: 'a variable that is not set', change: ['http://127.0.0.1:9001', '"${env:NOT_SET}"'], says: /:7:16: fault: The environment variable NOT_SET is not set/ },
  { name: 'a path without its slash', change: ['"/{orderId}"', '"{orderId}"'], says: /:20:28: fault: A path begins with "\/".*\n {4}Write "\/\{orderId\}"/ },
  { name: 'a parameter as routers of JavaScript write it', change: ['"/{orderId}"', '"/:orderId"'], says: /:20:28: warning: ":orderId" matches only itself here.*\n {4}Write \{orderId\}/ },
  { name: 'a star', change: ['"/{orderId}"', '"/*"'], says: /:20:28: warning: "\*" matches only itself here.*\n {4}Write .*\{rest\+\}/ },
  { name: 'the same path twice', change: ['path: "/{orderId}" }', 'path: "/{orderId}" }\n      - { id: o2, path: "/{id}" }'], says: /:21:9: fault: .* already matched by the route "order" .*\n {4}Remove one/ },
  { name: 'CEL that cannot be read', change: ['windowSeconds: 60', 'windowSeconds: 60, key: "request.headers[\'x\'"'], says: /:17:78: fault: rate-limit: `key`: line 1, column 16: / },
  { name: 'CEL with a name misspelt', change: ['windowSeconds: 60', 'windowSeconds: 60, key: "reqest.path"'], says: /:17:78: fault: .*did you mean "request"\?/ },
  { name: 'a map for the body of an error', change: ['    title: Orders', '    errors: { default: { body: { error: x } } }'], says: /:12:\d+: fault: The key "error" is not known here\. .*\n {4}Known keys: cel\./ },
  { name: 'a pattern that cannot run', change: ['path: /', 'path: /, match: { headers: [{ name: X, pattern: "[a-" }] }'], says: /:19:\d+: fault: .*missing closing \]/ },
  { name: 'a key instead of its hash', change: [`sha256:${'d7'.repeat(32)}`, 'open-sesame'], says: /:22:32: fault: A key is written as its hash: .*sha256sum/ },
  { name: 'a file for the access log', change: ['gatewright: 1', 'gatewright: 1\naccessLog: /var/log/a.log'], says: /:2:12: fault: .*\n {4}Write `\{ file: \/var\/log\/a\.log \}`/ },
  { name: 'an extension that is not there', change: ['gatewright: 1', 'gatewright: 1\nextensions: [./none.ts]'], says: /:2:14: fault: the extension \S*none\.ts is not there, .* begins at the file that names it/ },
  { name: 'TLS without a certificate', change: ['port: 8080 }', 'port: 8080, tls: {} }'], says: /:3:\d+: fault: This listener speaks TLS, and there is no certificate to show\..*\n {4}Add one: `certificates: / },
  { name: 'a certificate without its key', change: ['port: 8080 }', 'port: 8080, tls: {} }\ncertificates: [{ id: main, cert: ./main.pem }]'], says: /:4:16: fault: .*`key` is missing\..*\n {4}Add `key`/ },
  { name: 'a certificate that is not there', change: ['port: 8080 }', 'port: 8080, tls: {} }\ncertificates: [{ id: main, cert: ./main.pem, key: ./main.key }]'], says: /:4:34: fault: The file \S*main\.pem does not exist/ },
  { name: 'a CA of clients that is not there', change: ['port: 8080 }', 'port: 8080, tls: { clientCertificates: { ca: ./ca.pem } } }\ncertificates: [{ id: main, folder: . }]'], says: /:3:\d+: fault: The file \S*ca\.pem does not exist/ },
  { name: 'HSTS without TLS', change: ['port: 8080 }', 'port: 8080, hsts: true }'], says: /:3:\d+: fault: Browsers ignore `Strict-Transport-Security`.*\n {4}Write it in the listener that has `tls`/ },
  { name: 'a document that is not there', change: ['    title: Orders', '    openapi: ./none.yaml'], says: /:12:14: fault: \S*none\.yaml does not exist/ },
]

describe('a typical mistake', () => {
  for (const { name, change, says } of MISTAKES) {
    it(`is said with its place and how to mend it: ${name}`, async () => {
      const [right, wrong] = change
      assert.ok(SOUND.includes(right))
      const cwd = createFolder({ 'gatewright.yaml': SOUND.replace(right, () => wrong) })
      const { code, stdout, stderr } = await runCommand(['validate'], { cwd })
      const said = `${stdout}${stderr}`
      assert.equal(code, / warning: /.test(says.source) ? 0 : 1, said)
      assert.match(said, says)
    })
  }

  it('is none in the file that they are made in', async () => {
    const { code, stdout } = await runCommand(['validate'], { cwd: createFolder({ 'gatewright.yaml': SOUND }) })
    assert.deepEqual([code, stdout], [0, 'No faults.'])
  })
})
