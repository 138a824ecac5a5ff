import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolder, type Ran, runCommand } from '../run-command.fixture.ts'

/** Made of what no message says by itself. Short ones are as little to be shown as long ones. */
const PUT_IN = {
  LONG: 'hunter2-of-the-vault',
  QUOTING: 'zeta"kappa\\omega',
  LINES: 'first-line-of-it\nsecond-line-of-it',
  SHORT: 'q7z',
  URL: 'http://vault.internal.example:9007',
  HOST: 'Vault.Internal.Example',
  PORT: '9007',
  NUMBER: '90071',
} as const

const TOLD = /hunter2|zeta|kappa|(?:first|second)-line|q7z|vault\.internal|9007/i

const assertHidden = ({ stdout, stderr }: Ran): void => {
  assert.doesNotMatch(stdout, TOLD)
  assert.doesNotMatch(stderr, TOLD)
}

/** Names of folders and of requests are made of any letters. */
const withoutDrawn = (text: string, cwd: string): string =>
  text.replaceAll(cwd, '.').replaceAll(/urn:request:[0-9a-f]{32}/g, 'urn:request')

const run = async (args: readonly string[], files: Readonly<Record<string, string>>): Promise<Ran> => {
  const secrets = Object.fromEntries(Object.entries(PUT_IN).map(([name, text]) => [`secrets/${name}`, `${text}\n`]))
  const cwd = createFolder({ ...files, ...secrets })
  const { code, stdout, stderr } = await runCommand(args, { cwd, env: PUT_IN })
  return { code, stdout: withoutDrawn(stdout, cwd), stderr: withoutDrawn(stderr, cwd) }
}

const file = (rest: string) => `gatewright: 1\n${rest}\n`
const api = (rest: string) => file(`apis: [{ id: a, upstream: http://127.0.0.1:9001, ${rest} }]`)
const use = (policy: string, options: string) => api(`policies: [{ policy: ${policy}, options: ${options} }]`)

/** Each is a fault or a warning of its own, about what was put in or beside it. */
const FAULTY: Readonly<Record<string, (put: string) => string>> = {
  'a version': (put) => `gatewright: ${put}\n`,
  'a port': (put) => file(`listeners: [{ id: a, port: ${put} }]`),
  'a host of a listener': (put) => file(`listeners: [{ id: a, port: 1, host: ${put} }]`),
  'an address that is trusted': (put) => file(`listeners: [{ id: a, port: 1, trustedProxies: [${put}] }]`),
  'an upstream': (put) => file(`apis: [{ id: a, upstream: ${put} }]`),
  'a target': (put) => file(`upstreams: [{ id: a, targets: [${put}] }]`),
  'a target in full': (put) => file(`upstreams: [{ id: a, targets: [{ url: ${put}, weight: ${put} }] }]`),
  'a certificate authority': (put) => file(`upstreams: [{ id: a, targets: ["https://a"], tls: { ca: ${put} } }]`),
  'a list': (put) => file(`apis: ${put}`),
  'an item of a list': (put) => file(`apis: [${put}]`),
  'a method': (put) => api(`routes: [{ path: /, methods: [${put}] }]`),
  'a path': (put) => api(`routes: [{ path: ${put} }]`),
  'a base path': (put) => api(`basePath: ${put}`),
  'an id twice': (put) => api(`routes: [{ id: ${put}, path: /a }, { id: ${put}, path: /b }]`),
  'the name of a policy': (put) => api(`policies: [${put}]`),
  'a policy': (put) => api(`policies: [{ policy: ${put} }]`),
  'a switch': (put) => api(`enabled: ${put}`),
  'a plan': (put) => file(`apps: [{ id: a, plan: ${put} }]`),
  'a hash of a key': (put) => file(`apps: [{ id: a, keys: [{ hash: ${put} }] }]`),
  'a hash of a password': (put) => file(`apps: [{ id: a, users: [{ name: ${put}, passwordHash: ${put} }] }]`),
  'a time': (put) => file(`apps: [{ id: a, keys: [{ hash: "${'0'.repeat(64)}", expires: ${put} }] }]`),
  'an extension': (put) => file(`extensions: [${put}]`),
  'an OpenAPI document': (put) => api(`openapi: ${put}`),
  'a certificate': (put) => file(`certificates: [{ id: a, cert: ${put}, key: ${put} }]`),
  'options as a whole': (put) => api(`policies: [{ policy: cors, options: ${put} }]`),
  'a number of an option': (put) => use('rate-limit', `{ limit: ${put}, windowSeconds: ${put} }`),
  'a choice of an option': (put) => use('rate-limit', `{ limit: 1, windowSeconds: 1, algorithm: ${put} }`),
  'a field': (put) => use('key-auth', `{ name: ${put} }`),
  'an origin': (put) => use('cors', `{ origins: [${put}], credentials: true }`),
  'a range': (put) => use('ip-filter', `{ allow: [${put}] }`),
  'a status': (put) => use('respond', `{ status: ${put} }`),
  'a condition of an option': (put) => use('access', `{ condition: ${put} }`),
  'a scope': (put) => use('access', `{ scopes: { all: [${put}] } }`),
  'a challenge': (put) => use('access', `{ challenge: ${put} }`),
  'a list of uses': (put) => use('any-of', `{ policies: ${put} }`),
  'a use in a list': (put) => use('any-of', `{ policies: [{ policy: ${put} }] }`),
  'an option of a use in a list': (put) =>
    use('any-of', `{ policies: [{ policy: key-auth, options: { in: ${put} } }] }`),
  'a public key': (put) =>
    use(
      'jwt',
      `{ issuers: [{ issuer: ${put}, audiences: [${put}], keys: [{ algorithm: ES256, publicKey: ${put} }] }] }`,
    ),
  'the address of keys': (put) => use('jwt', `{ issuers: [{ issuer: a, audiences: [a], jwksUri: ${put} }] }`),
  'a secret that is too short': (put) =>
    use('jwt', `{ issuers: [{ issuer: a, audiences: [a], keys: [{ algorithm: HS256, secret: ${put} }] }] }`),
  'a key to sign with': (put) => use('identity-token', `{ issuer: ${put}, keys: [{ privateKey: ${put} }] }`),
  'a secret of a sender': (put) => use('webhook-signature', `{ provider: standard-webhooks, secrets: [${put}] }`),
  'a key of a partner': (put) => use('hmac-auth', `{ keys: { a: { algorithm: ed25519, publicKey: ${put}, app: a } } }`),
  'an encoded key of a partner': (put) =>
    use('hmac-auth', `{ keys: { a: { algorithm: hmac-sha256, secret: ${put}, secretEncoding: base64, app: a } } }`),
  'a certificate of a directory': (put) => use('ldap-auth', `{ url: ${put}, userDn: ${put} }`),
  'a database': (put) => use('geo', `{ database: ${put} }`),
  'a path to send': (put) => use('rewrite-path', `{ path: ${put} }`),
  'a pattern of a path': (put) => use('rewrite-path', `{ pattern: ${put}, path: /a }`),
  'a field to set': (put) => use('set-headers', `{ set: { X-A: ${put}, "X A": ${put} } }`),
  'a proxy of egress': (put) => file(`egress: { deny: [${put}] }`),
}

/** Alone, from a file, and as a part of what is wrong for other reasons too. */
const listPuts = (name: string): string[] => [
  `"\${env:${name}}"`,
  ...(/^L/.test(name) ? [`"\${file:secrets/${name}}"`] : []),
  ...(/^[LQU]/.test(name) ? [`"[{(\${env:${name}}"`] : []),
]

const SOUND = (put: (name: keyof typeof PUT_IN) => string) => `gatewright: 1
listeners: [{ id: a, port: ${put('PORT')} }]
upstreams: [{ id: ${put('SHORT')}, targets: [{ url: ${put('URL')}, weight: 2 }] }]
variables: { region: ${put('LONG')}, zone: ${put('SHORT')} }
policies: [{ policy: set-headers, options: { set: { X-A: ${put('LONG')}, X-B: ${put('SHORT')} } } }]
apis:
  - id: a
    hosts: [${put('HOST')}, b.example]
    upstream: ${put('SHORT')}
    routes:
      - { id: ${put('LONG')}, path: "/a/x" }
      - { id: b, path: "/b", upstream: ${put('URL')}, match: { headers: [{ name: X-A, exact: ${put('SHORT')} }] } }
      - { id: c, path: "/c", policies: [{ policy: respond, options: { body: ${put('LONG')}, headers: { X-C: ${put('SHORT')} } } }] }
apps: [{ id: ${put('SHORT')}, plan: gold, keys: [{ value: ${put('LONG')} }], users: [] }]
plans: [{ id: gold, title: ${put('LONG')} }]
`
const CASES = `cases:
  - { name: one, request: { method: GET, path: /a/x, host: b.example }, expect: { status: 299, upstream: { headers: { x-a: nothing, x-b: nothing } } } }
  - { name: two, request: { method: GET, path: /c, host: b.example }, expect: { body: nothing, headers: { x-c: nothing } } }
`

describe('what ${env:…} and ${file:…} put in', () => {
  for (const [words, write] of Object.entries(FAULTY)) {
    it(`is in no finding about ${words}`, async () => {
      for (const name of Object.keys(PUT_IN)) {
        for (const put of listPuts(name)) {
          const files = { 'gatewright.yaml': write(put), 'tests.yaml': CASES }
          const commands = [['validate'], ['validate', '--json'], ['routes'], ['explain', 'GET', '/'], ['test']]
          for (const command of name === 'LONG' ? commands : commands.slice(0, 1))
            assertHidden(await run(command, files))
        }
      }
    })
  }

  it('is written as the file writes it where a message names it', async () => {
    const { stdout } = await run(['validate'], { 'gatewright.yaml': api('upgrades: 1, basePath: "${env:LONG}"') })
    assert.match(stdout, /The base path "\$\{env:LONG\}" does not begin with "\/"/)
  })

  const sound = SOUND((name) => `"\${env:${name}}"`)

  for (const command of [
    ['validate'],
    ['routes'],
    ['routes', '--json'],
    ...['/a/x', '/b', '/c', '/nothing'].flatMap((path) => [
      ['explain', 'GET', `http://b.example${path}`],
      ['explain', 'GET', `http://b.example${path}`, '-H', 'X-B: 1', '--json'],
    ]),
    ['test'],
    ['test', '--json'],
    ['test', '--junit', 'results.xml'],
  ]) {
    it(`is not shown by ${command.join(' ')}`, async () => {
      const ran = await run(command, { 'gatewright.yaml': sound, 'tests.yaml': CASES })
      assert.doesNotMatch(ran.stderr, /fault/)
      assertHidden(ran)
    })
  }

  it('is not in the results that are written for build servers', async () => {
    const cwd = createFolder({ 'gatewright.yaml': sound, 'tests.yaml': CASES })
    await runCommand(['test', '--junit', 'results.xml'], { cwd, env: PUT_IN })
    const results = readFileSync(join(cwd, 'results.xml'), 'utf8')
    assert.match(results, /failure/)
    assert.doesNotMatch(results, TOLD)
  })

  it('is told by explain and routes as the file writes it', async () => {
    const files = { 'gatewright.yaml': sound }
    const { stdout } = await run(['explain', 'GET', 'http://b.example/a/x'], files)
    assert.match(stdout, /Upstream .*\$\{env:URL\}/)
    assert.match((await run(['routes'], files)).stdout, /\$\{env:HOST\},b\.example/)
  })

  const compare = async (before: string, after: string, ...more: string[]): Promise<string> => {
    const ran = await run(['diff', 'a.yaml', 'b.yaml', ...more], { 'a.yaml': before, 'b.yaml': after })
    assert.deepEqual({ code: ran.code, stderr: ran.stderr }, { code: 0, stderr: '' })
    assertHidden(ran)
    return ran.stdout
  }

  it('is not shown where it is the difference', async () => {
    const plain = SOUND((name) => (name === 'PORT' ? '1234' : name === 'URL' ? 'http://other' : 'other'))
    // A key that stands in the file is a fault.
    const other = plain.replace('{ value: other }', `{ hash: "sha256:${'0'.repeat(64)}" }`)
    for (const more of [[], ['--json']]) {
      for (const [from, to] of [
        [sound, other],
        [other, sound],
      ] as const)
        assert.notEqual(await compare(from, to, ...more), 'No difference.')
    }
  })

  it('is no difference where the same is written otherwise', async () => {
    const numbers = (port: string) => file(`listeners: [{ id: a, port: ${port} }]`)
    assert.equal(await compare(numbers('"${env:PORT}"'), numbers('"${file:secrets/PORT}"')), 'No difference.')
    const listed = (origin: string) => use('cors', `{ origins: ["https://a", ${origin}] }`)
    assert.equal(await compare(listed('"${env:URL}"'), listed(PUT_IN.URL)), 'No difference.')
  })

  it('has a mark of its own where another one is put in by the same words', async () => {
    const words = use('set-headers', '{ set: { X-A: "${file:secret}" } }')
    const cwd = createFolder({
      'a/gatewright.yaml': words,
      'b/gatewright.yaml': words,
      'a/secret': 'hunter2-1',
      'b/secret': 'hunter2-2',
    })
    const { stdout } = await runCommand(['diff', 'a/gatewright.yaml', 'b/gatewright.yaml'], { cwd })
    assert.equal(stdout, 'api a: policy set-headers: set.X-A "${file:secret}" → "[redacted 2]"')
  })
})
