import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const FAULTY = `gatewright: 1
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    polices: []
    policies:
      - { policy: rate-limt, options: { limit: 1 } }
      - { policy: rate-limit, options: { limit: many, windowSeconds: 1 } }
`

describe('validate', () => {
  it('reports every fault at once, with file, line, column, path and what to do', async () => {
    const cwd = createFolder({ 'gatewright.yaml': FAULTY })
    const { code, stdout } = await runCommand(['validate'], { cwd })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /gatewright\.yaml:5:5: fault: .*polices.*\(apis\[0\]\.polices\)\n {4}Did you mean "policies"\?/,
    )
    assert.match(stdout, /gatewright\.yaml:7:\d+: fault: .*rate-limt.*\n {4}.*rate-limit/)
    assert.match(stdout, /gatewright\.yaml:8:\d+: fault: .*many/)
    assert.match(stdout, /^3 faults\.$/m)
  })

  it('takes no file for a configuration that is only called as the command is', async () => {
    const { code, stderr } = await runCommand(['validate'], { cwd: createFolder({ gatewright: '#!/bin/sh' }) })
    assert.deepEqual([code, /there is no gatewright\.yaml here/.test(stderr)], [2, true])
    const folder = createFolder({
      'gatewright/a.yaml': 'gatewright: 1\napis: [{ id: a, upstream: "http://127.0.0.1:9001" }]\n',
    })
    assert.equal((await runCommand(['validate'], { cwd: folder })).code, 0)
  })

  it('reports a policy that cannot be made of its options, on the line of its use', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
extensions: [./region.ts]
plans:
  - { id: gold, policies: [{ policy: region, options: { name: moon } }] }
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: region, options: { name: earth } }
      - { policy: region, options: { name: mars }, enabled: false }
    routes:
      - { path: /x, policies: [{ policy: region, options: { name: sun } }] }
`,
      'region.ts': `import { definePolicy, z } from '@gatewright/policies'
export const region = definePolicy({
  name: 'region', phase: 'transform', summary: 'Knows regions.', options: z.strictObject({ name: z.string() }),
  create({ name }) {
    if (name !== 'earth') throw new Error('there is no region ' + name)
    return (exchange, next) => next(exchange)
  },
})
`,
    })
    const { code, stdout } = await runCommand(['validate'], { cwd })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /yaml:4:28: fault: The policy "region" cannot be made of these options: there is no region moon\. \(plans\[0\]\.policies\[0\]\)/,
    )
    assert.match(stdout, /yaml:12:32: fault: .*no region sun\. \(apis\[0\]\.routes\[0\]\.policies\[0\]\)/)
    assert.match(stdout, /^2 faults\.$/m)
  })

  it('refuses in any-of what recognises nobody, and would let everybody pass', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    policies:
      - policy: any-of
        options: { policies: [{ policy: jwt }, { policy: rate-limit, options: { limit: 1, windowSeconds: 1 } }] }
`,
    })
    const { code, stdout } = await runCommand(['validate'], { cwd })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /gatewright\.yaml:7:\d+: fault: "rate-limit" recognises no caller: in "any-of" .*\n {4}Move it behind "any-of"\./,
    )
  })

  it('prints the findings as an array for programs', async () => {
    const cwd = createFolder({ 'gatewright.yaml': FAULTY })
    const { code, stdout } = await runCommand(['validate', '--json'], { cwd })
    const findings = JSON.parse(stdout)
    assert.equal(code, 1)
    assert.deepEqual(
      findings.map(({ severity, at }: { severity: string; at: { line: number } }) => [severity, at.line]),
      [
        ['fault', 5],
        ['fault', 7],
        ['fault', 8],
      ],
    )
    const clean = createFolder({ 'gatewright.yaml': 'gatewright: 1\napis: [{ id: a, upstream: "http://u" }]\n' })
    assert.equal((await runCommand(['validate', '--json'], { cwd: clean })).stdout, '[]')
  })

  it('says one fault for one slip, and what was meant', async () => {
    for (const [text, words] of [
      [
        'upstreams: [{ id: u, targets: ["http://u:1"] }]\napis: [{ id: a, upstraem: u }]\n',
        /Did you mean "upstream"\?/,
      ],
      ['apis:\n  - id: a\n\t upstream: http://x\n    routes: []\n', /Indent with spaces\./],
      ['policies: [key-auth]\n', /"key-auth" is not a map\. .*\n {4}Write `\{ policy: key-auth \}`\./],
      [
        'listeners: [{ id: l, port: 1, hsts: true, tls: true }]\n',
        /true is not a map\. .*\n {4}Write `\{\}` for its defaults\./,
      ],
      ['certificates: [{ id: c, acme: true }]\n', /true is not a map\. \(certificates\[0\]\.acme\)\n1 fault/],
      ['listeners: [{ id: l, port: 1, limits: { keepAliveMs: 10s } }]\n', /Write 10000 \(milliseconds\)\./],
      ['listeners: [{ id: l, port: 1, limits: { bodyBytes: 1MiB } }]\n', /Write 1048576 \(bytes\)\./],
      ['policies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 5m } }]\n', /Write 300 \(seconds\)\./],
      ['policies: [{ policy: rate-limit, options: { limit: 0, windowSeconds: 1 } }]\n', /at least 1\./],
      [
        'policies: [{ policy: cors, options: { origins: ["HTTP://A/"] } }]\n',
        /does not fit: write an origin .*path\. \(/,
      ],
    ] as const) {
      const { stdout } = await runCommand(['validate'], {
        cwd: createFolder({ 'gatewright.yaml': `gatewright: 1\n${text}` }),
      })
      assert.match(stdout, words)
      assert.match(stdout, /^1 fault\.$/m, stdout)
    }
  })

  it('prints faults first', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
policies: [{ policy: rewrite-path, options: { path: /x } }, { policy: cors }]
apis:
  - { id: pages, policies: [{ policy: respond }, { policy: key-auth }] }
`,
    })
    const { stdout } = await runCommand(['validate'], { cwd })
    assert.deepEqual(
      [...stdout.matchAll(/: (fault|warning): /g)].map(([, severity]) => severity),
      ['fault', 'warning'],
    )
    assert.match(stdout, /"key-auth" never runs: "respond" \([^)]*gatewright\.yaml:4\) answers first/)
  })

  it('refuses members that no request, no caller and no problem has, before a request fails', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - id: pages
    errors:
      default: { body: "\${error.cod}", headers: { X-S: "\${response.status}" } }
    policies:
      - { policy: respond, options: { body: "\${request.pat}" }, when: "request.headrs['a'] == 'b'" }
      - { policy: respond, options: { body: "\${error.detail}" } }
`,
    })
    const { stdout } = await runCommand(['validate'], { cwd })
    for (const words of [/mean "code"/, /no "response" here/, /mean "path"/, /mean "headers"/, /no "error" here/]) {
      assert.match(stdout, words)
    }
    assert.match(stdout, /^5 faults\.$/m)
  })

  it('answers 0 where there are warnings only', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - id: orders
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: rate-limit, options: { limit: 1, windowSeconds: 1 } }
      - { policy: key-auth }
`,
    })
    const { code, stdout } = await runCommand(['validate'], { cwd })
    assert.match(stdout, /: warning: /)
    assert.match(stdout, /No faults, 2 warnings\./)
    assert.equal(code, 0)
  })

  it('judges what overlays make of it, and takes values from the environment', async () => {
    const cwd = createFolder({
      'gatewright.yaml': 'gatewright: 1\nlisteners: [{ id: public, port: "${env:PORT}" }]\n',
      'prod.yaml': 'gatewright: 1\nlisteners: [{ id: public, port: 70000 }]\n',
    })
    const env = { PORT: '8080' }
    assert.equal((await runCommand(['validate'], { cwd, env })).code, 0)
    assert.equal((await runCommand(['validate'], { cwd })).code, 1)
    const { code, stdout } = await runCommand(['validate', '--overlay', 'prod.yaml'], { cwd, env })
    assert.equal(code, 1)
    assert.match(stdout, /prod\.yaml:2:\d+: fault: .*70000/)
  })

  it("places a fault of an extension where it is, or at the line that names it, and checks its policy's options", async () => {
    const cwd = createFolder({
      'gatewright.yaml': 'gatewright: 1\nextensions:\n  - ./broken.js\n  - ./empty.js\n  - ./missing.js\n',
      'broken.js': 'export const = 1',
      'empty.js': 'export const nothing = 1',
    })
    const { code, stdout } = await runCommand(['validate'], { cwd })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /broken\.js:1:14: fault: .*broken\.js \(\S*gatewright\.yaml:3\) cannot be loaded: Unexpected token '='/,
    )
    assert.match(stdout, /gatewright\.yaml:4:5: fault: .*empty\.js.*exports no policy/)
    assert.match(stdout, /gatewright\.yaml:5:5: fault: .*missing\.js/)
  })

  it('places what it finds in a document, or at the flag that says it, where no file is', async () => {
    const shop =
      "openapi: 3.1.0\ninfo: { title: T, version: '1' }\nservers:\n  - url: https://a.example/v1\npaths: {}\n"
    const swagger = "swagger: '2.0'\ninfo: { title: T, version: '1' }\nbasePath: /v1\npaths: {}\n"
    const cwd = createFolder({ 'shop.yaml': shop, 'swagger.yaml': swagger })
    const validate = async (...args: string[]) => (await runCommand(['validate', '--openapi', ...args], { cwd })).stdout
    const upstream = ['--upstream', 'http://127.0.0.1:1']
    assert.match(
      await validate('shop.yaml', ...upstream),
      /^\S*[^-]shop\.yaml:3:1: warning: .* below "\/v1" .* begin at "\/"\.\n {4}Add `--base-path \/v1`, or `--base-path \/` if that is meant\.\n/,
    )
    assert.match(await validate('swagger.yaml', ...upstream), /^\S*swagger\.yaml:3:1: warning: /)
    for (const path of ['/v1', '/']) {
      assert.equal(await validate('shop.yaml', ...upstream, '--base-path', path), 'No faults.')
    }
    assert.match(await validate('shop.yaml', ...upstream, '--base-path', 'v1'), /^--base-path: fault: [^()]*$/m)
    assert.match(
      await validate('shop.yaml', '--upstream', 'http://a/?b', '--base-path', '/'),
      /^--upstream: fault: "http:\/\/a\/\?b": [^()]*$/m,
    )
  })

  it('says what to do where there is no file', async () => {
    const cwd = createFolder()
    const { code, stderr } = await runCommand(['validate'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /there is no gatewright\.yaml here: name a file with --config, or run `gatewright init`/)
    const named = await runCommand(['validate', '--config', join(cwd, 'nowhere.yaml')])
    assert.equal(named.code, 1)
    assert.match(named.stdout, /nowhere\.yaml/)
  })
})
