import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const GATEWAY = `gatewright: 1
upstreams:
  - id: orders
    targets: [{ url: http://127.0.0.1:9001 }, { url: http://127.0.0.1:9002 }]
    timeouts: { firstByteMs: 2000 }
apis:
  - id: orders
    basePath: /orders
    upstream: orders
    policies:
      - { policy: rate-limit, options: { limit: 2, windowSeconds: 60 } }
      - { policy: retry, options: { attempts: 2 } }
`

const SOUND_CASE = 'cases:\n  - { name: a, request: GET /orders, expect: 200 }\n'

async function test(cases: string, ...args: string[]) {
  const cwd = createFolder({ 'gatewright.yaml': GATEWAY, 'tests.yaml': cases })
  return { cwd, ...(await runCommand(['test', ...args], { cwd })) }
}

describe('test', () => {
  it('runs each case from a fresh start: counters, turns of targets and clock', async () => {
    const { code, stdout } = await test(`cases:
  - { name: a, request: GET /orders, expect: { status: 200, upstream: { target: "http://127.0.0.1:9001" } } }
  - { name: b, request: GET /orders, expect: { status: 200, upstream: { target: "http://127.0.0.1:9001" } } }
  - { name: c, request: GET /orders, expect: { status: 200, headers: { RateLimit: { contains: r=1 } } } }
`)
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^3 passed, 0 failed, in \d+ ms\.$/m)
  })

  it('goes through the steps of a case with what they left behind, and with the time that they let pass', async () => {
    const { code, stdout } = await test(`cases:
  - name: a
    steps:
      - { request: GET /orders, repeat: 2, expect: 200 }
      - { request: GET /orders, expect: { status: 429, upstream: false } }
      - { request: GET /orders, waitSeconds: 120, expect: 200 }
`)
    assert.equal(code, 0, stdout)
  })

  it('answers attempts in order, and lets retries and time-outs happen without waiting', async () => {
    const { code, stdout } = await test(`cases:
  - name: the second attempt succeeds
    request: GET /orders/7
    upstream: [{ fail: refused }, { status: 200, body: tea }]
    expect: { status: 200, body: tea }
  - name: an upstream that answers after its time is given up
    request: { method: POST, path: /orders, body: x }
    upstream: { delayMs: 3600000 }
    expect: { status: 504, problem: upstream-timeout }
  - name: an upstream that never answers too
    request: { method: POST, path: /orders, body: x }
    upstream: { fail: silent }
    expect: 504
`)
    assert.equal(code, 0, stdout)
  })

  it('counts every attempt, also one that was refused', async () => {
    const { stdout } = await test(`cases:
  - name: two
    request: GET /orders/7
    upstream: [{ fail: refused }, { status: 200 }]
    expect: { status: 200, upstream: { calls: 2 } }
  - name: refused
    request: { method: POST, path: /orders/7 }
    upstream: { fail: refused }
    expect: { status: 502, upstream: { calls: 1, path: /7 } }
  - name: three
    request: GET /orders/7
    upstream: { fail: refused }
    expect: { status: 502, upstream: { calls: 3 } }
`)
    assert.match(stdout, /upstream calls\n {8}expected 3\n {8}actual {3}2\n/)
    assert.match(stdout, /GET \/7 at http:\/\/127\.0\.0\.1:9001 was refused\n/)
    assert.match(stdout, /^2 passed, 1 failed/m)
  })

  it('takes fields out of a request that all others have', async () => {
    const { code, stdout } = await test(`defaults: { headers: { X-Api-Key: open, X-A: b } }
cases:
  - { name: with, request: GET /orders, expect: { upstream: { headers: { X-Api-Key: open, X-A: b } } } }
  - { name: without, request: { path: /orders, headers: { x-api-key: null } }, expect: { upstream: { headers: { X-Api-Key: null, X-A: b } } } }
  - { name: host, request: { path: /orders, headers: { Host: null } }, expect: { status: 400, problem: malformed-request } }
`)
    assert.equal(code, 0, stdout)
  })

  it('parses requests as strictly as the gateway', async () => {
    const { code, stdout } = await test(`cases:
  - { name: ambiguous, request: GET /orders/%zz, expect: { status: 400, problem: malformed-request, route: false } }
  - { name: lengths, request: { method: POST, path: /orders, headers: { Content-Length: "1, 1" }, body: x }, expect: 400 }
  - { name: hop by hop, request: { path: /orders, headers: { Connection: X-A, X-A: "1" } }, expect: { upstream: { headers: { X-A: null, Connection: null } } } }
`)
    assert.equal(code, 0, stdout)
  })

  it('shows of a failure what was expected, what came, and the line that says so', async () => {
    const { code, stdout } = await test(`cases:
  - name: it works
    steps:
      - { request: GET /orders, expect: 200 }
      - request: GET /orders
        repeat: 5
        expect:
          status: 200
          upstream: { path: / }
      - { request: GET /never, expect: 200 }
`)
    assert.equal(code, 1)
    assert.match(stdout, /✗ it works\n {6}step 2, request 2: GET \/orders\n/)
    assert.match(stdout, /tests\.yaml:8: status\n {8}expected 200\n {8}actual {3}429 \(rate-limited\)\n/)
    assert.match(stdout, /policies that ran: rate-limit\n/)
    assert.match(stdout, /^0 passed, 1 failed/m)
    assert.doesNotMatch(stdout, /never/)
  })

  it('fails the one case that cannot be sent, and goes on with the others', async () => {
    const { code, stdout } = await test(`cases:
  - { name: nowhere, request: { path: /orders, listener: none }, expect: 200 }
  - { name: here, request: GET /orders, expect: 200 }
`)
    assert.equal(code, 1)
    assert.match(
      stdout,
      /tests\.yaml:2: answer\n {8}expected one\n {8}actual {3}there is no listener "none"\n {2}✓ here/,
    )
  })

  it('skips what it is told to, and says why', async () => {
    const { code, stdout } = await test(`cases:
  - { name: later, skip: not built yet, request: GET /x, expect: 200 }
`)
    assert.equal(code, 0)
    assert.match(stdout, /- later \(skipped: not built yet\)/)
  })

  it('writes JUnit XML that says the same, with everything escaped', async () => {
    const cases = `cases:
  - { name: "a < b & \\"c\\"", request: GET /orders, expect: 201 }
  - { name: fine, request: GET /orders, expect: 200 }
`
    const { cwd, code } = await test(cases, '--junit', 'results.xml')
    assert.equal(code, 1)
    const xml = readFileSync(join(cwd, 'results.xml'), 'utf8')
    assert.match(
      xml,
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="gatewright test" tests="2" failures="1"/,
    )
    assert.match(
      xml,
      /<testcase name="a &lt; b &amp; &quot;c&quot;" .* line="2" .*>\n\s+<failure message="status: expected 201, actual 200">/,
    )
    assert.match(xml, /<testcase name="fine" .*\/>/)
  })

  it('writes JUnit XML with an error where no case can run', async () => {
    const cases = 'cases:\n  - { name: a, requst: GET /, expect: "<" }\n'
    const { cwd, code } = await test(cases, '--junit', 'results.xml')
    assert.equal(code, 1)
    const xml = readFileSync(join(cwd, 'results.xml'), 'utf8')
    assert.match(xml, /<testsuites name="gatewright test" tests="\d+" failures="0" errors="\d+" skipped="0"/)
    assert.match(xml, /<testcase name="can run" .*tests\.yaml" line="2" .*>\n\s+<error message="[^"]*requst/)
    const faulty = createFolder({ 'gatewright.yaml': 'gatewright: 2\n', 'tests.yaml': SOUND_CASE })
    await runCommand(['test', '--junit', 'results.xml'], { cwd: faulty })
    assert.match(readFileSync(join(faulty, 'results.xml'), 'utf8'), /gatewright\.yaml" line="1" .*>\n\s+<error /)
  })

  it('says in one line that the results cannot be written, after they were told', async () => {
    const { code, stdout, stderr } = await test(SOUND_CASE, '--junit', 'nowhere/results.xml')
    assert.equal(code, 2)
    assert.match(stdout, /^1 passed/m)
    assert.match(
      stderr,
      /^gatewright test: --junit nowhere\/results\.xml cannot be written: there is no folder \S+nowhere\. See: .*$/,
    )
  })

  it('prints everything as JSON for programs', async () => {
    const { stdout } = await test('cases:\n  - { name: a, request: GET /orders, expect: 500 }\n', '--json')
    const { passed, failed, files } = JSON.parse(stdout)
    assert.deepEqual([passed, failed], [0, 1])
    const [difference] = files[0].cases[0].failure.differences
    assert.deepEqual([difference.what, difference.expected, difference.actual], ['status', '500', '200'])
  })

  it('takes files and folders, and says so when there are none', async () => {
    const cwd = createFolder({
      'gatewright.yaml': GATEWAY,
      'tests/a.yaml': 'cases:\n  - { name: a, request: GET /orders, expect: 200 }\n',
      'tests/b.yaml': 'cases:\n  - { name: b, request: GET /orders, expect: 200 }\n',
    })
    assert.match((await runCommand(['test'], { cwd })).stdout, /^2 passed/m)
    assert.match((await runCommand(['test', 'tests/b.yaml'], { cwd })).stdout, /^1 passed/m)
    assert.equal((await runCommand(['test', 'gone.yaml'], { cwd })).code, 2)
    const empty = createFolder({ 'gatewright.yaml': GATEWAY })
    const { code, stderr } = await runCommand(['test'], { cwd: empty })
    assert.equal(code, 2)
    assert.match(stderr, /there are no cases: write .*tests\.yaml, or name a file/)
  })

  it('answers 1, with the faults, where configuration or cases have some', async () => {
    const faulty = await test('cases:\n  - { name: a, requst: GET /, expect: 200 }\n')
    assert.equal(faulty.code, 1)
    assert.match(faulty.stderr, /tests\.yaml:2:\d+: fault: .*requst/)
    const cwd = createFolder({
      'gatewright.yaml': 'gatewright: 2\n',
      'tests.yaml': 'cases:\n  - { name: a, request: GET /, expect: 200 }\n',
    })
    assert.match((await runCommand(['test'], { cwd })).stderr, /gatewright\.yaml:1:\d+: fault/)
  })

  it('lets a case say when it is, for keys that expire', async () => {
    const cwd = createFolder({
      'gatewright.yaml': `gatewright: 1
apis:
  - { id: a, policies: [{ policy: key-auth }, { policy: respond, options: { body: hello } }] }
apps:
  # "open-sesame"
  - { id: acme, keys: [{ hash: "sha256:d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7", expires: 2026-06-01T00:00:00Z }] }
`,
      'tests.yaml': `defaults: { headers: { X-Api-Key: open-sesame } }
cases:
  - { name: before, now: 2026-05-31T23:59:00Z, request: GET /, expect: 200 }
  - { name: after, now: 2026-06-01T00:00:00Z, request: GET /, expect: 401 }
  - name: while it waits
    now: 2026-05-31T23:59:00Z
    steps:
      - { request: GET /, expect: 200 }
      - { request: GET /, waitSeconds: 60, expect: { status: 401, problem: credential-invalid } }
`,
    })
    const { code, stdout } = await runCommand(['test'], { cwd })
    assert.equal(code, 0, stdout)
  })
})
