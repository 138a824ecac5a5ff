/** What pages of others can make a browser do to a control plane, on a real port. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ControlPlane, type ControlPlaneSettings } from '../control-plane.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-browsers-'))
const planes: ControlPlane[] = []
const log = { info() {}, warn() {}, error: assert.fail }
const FIRST = { email: 'ann@example.com', name: 'Ann', password: 'correct horse battery' }
const JSON_TYPE = { 'content-type': 'application/json' }

after(async () => {
  for (const plane of planes) await plane.close()
  rmSync(folder, { recursive: true })
})

async function open(settings: Partial<ControlPlaneSettings> = {}): Promise<ControlPlane> {
  const database = join(folder, `${planes.length}.db`)
  const plane = await ControlPlane.open({ database, host: '127.0.0.1', port: 0, ...settings }, { log })
  planes.push(plane)
  return plane
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Answered {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly code: string
}

async function ask(
  { address }: ControlPlane,
  line: string,
  { headers = {}, body = '' }: Asked = {},
): Promise<Answered> {
  const [method, path] = line.split(' ')
  const sent = request({ host: '127.0.0.1', port: address.port, method, path, headers, agent: false }).end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  const isProblem = answer.headers['content-type'] === 'application/problem+json'
  const code = isProblem ? JSON.parse(text).type.replace(/^.*:/, '') : ''
  return { status: answer.statusCode, headers: answer.headers, code }
}

const LINES = [
  'GET /',
  'GET /login',
  'GET /nothing',
  'GET /api/v1/login/ways',
  'GET /api/v1/me',
  'GET /api/v1/openapi.json',
  'POST /api/v1/login/passkey/options',
  'POST /api/v1/set-up',
  'GET /node/v1/configuration',
]

/** By no route, nor by what stands before all of them. */
const UNREADABLE = ['GET /api/v1/%', 'POST /%ff', `GET /api/v1/apis/main/${'a'.repeat(300)}`]

describe('a page of another site', () => {
  it('does not reach a port of this machine by a name that it made mean 127.0.0.1', async () => {
    const plane = await open()
    for (const line of LINES) {
      for (const host of [
        'evil.example.com',
        `evil.example.com:${plane.address.port}`,
        '127.0.0.1.evil.example.com',
        'localhost.evil.example.com',
      ]) {
        const { status, code } = await ask(plane, line, { headers: { host } })
        assert.deepEqual([status, code], [421, 'misdirected-request'], `${line} ${host}`)
      }
    }
    for (const host of ['localhost:9081', '127.0.0.1', '[::1]:9081'])
      assert.equal((await ask(plane, 'GET /login', { headers: { host } })).status, 200, host)
  })

  it('reaches it by the name that it has for people alone, where that leads here by something before it', async () => {
    const plane = await open({ publicOrigin: 'https://gatewright.example.com' })
    const status = async (host: string) => (await ask(plane, 'GET /login', { headers: { host } })).status
    assert.equal(await status('gatewright.example.com'), 200)
    assert.equal(await status('gatewright.example.com.evil.example'), 421)
  })

  it('changes nothing, also not what anybody may, and no other site reads an answer', async () => {
    const plane = await open()
    const login = JSON.stringify({ email: FIRST.email, password: FIRST.password })
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site, origin: 'https://evil.example.com' }
      for (const line of ['POST /api/v1/login/passkey/options', 'POST /api/v1/logout', 'POST /api/v1/login']) {
        const { status, code } = await ask(plane, line, {
          headers: { ...headers, ...JSON_TYPE },
          body: line.endsWith('/login') ? login : '',
        })
        assert.deepEqual(
          [status, code],
          line.endsWith('logout') ? [401, 'not-signed-in'] : [403, 'forged-request'],
          line,
        )
      }
    }
    // What a form can send without being asked first.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a'])
      assert.equal(
        (await ask(plane, 'POST /api/v1/login', { headers: { 'content-type': type }, body: login })).status,
        415,
      )
    const headers = { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' }
    for (const line of [...LINES, 'OPTIONS /api/v1/login']) {
      const answer = await ask(plane, line, { headers })
      const allowing = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
      assert.deepEqual(allowing, [], line)
    }
  })
})

describe('a browser', () => {
  it('keeps pages and answers from other sites, from caches and from guessing', async () => {
    const plane = await open()
    for (const line of LINES) {
      const { headers } = await ask(plane, line)
      assert.equal(headers['x-content-type-options'], 'nosniff', line)
      assert.equal(headers['referrer-policy'], 'no-referrer', line)
      assert.equal(headers['cache-control'], 'no-store', line)
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin', line)
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin', line)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src '(?:none|self)'/, line)
      assert.match(policy, /frame-ancestors 'none'/, line)
      assert.doesNotMatch(policy, /unsafe/, line)
    }
  })

  it('sends the cookie to this site alone, and by TLS alone where people come by it', async () => {
    for (const [publicOrigin, expected] of [
      [undefined, /^gatewright-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/],
      [
        'https://gatewright.example.com',
        /^__Host-gatewright-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
      ],
    ] as const) {
      const plane = await open(publicOrigin === undefined ? {} : { publicOrigin })
      const body = JSON.stringify({ ...FIRST, secret: plane.address.setUpSecret })
      const { status, headers } = await ask(plane, 'POST /api/v1/set-up', { headers: JSON_TYPE, body })
      assert.equal(status, 201)
      assert.match(String(headers['set-cookie']), expected)
    }
  })
})

it('an address that cannot be read is answered as any other', async () => {
  const plane = await open()
  for (const line of UNREADABLE) {
    const { status, code, headers } = await ask(plane, line)
    assert.deepEqual([status, code], [400, 'request-invalid'], line)
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.equal(headers['cache-control'], 'no-store')
    const other = await ask(plane, line, { headers: { host: 'evil.example.com' } })
    assert.deepEqual([other.status, other.code], [421, 'misdirected-request'], line)
  }
})

describe('an address that is not on the list', () => {
  it('gets nothing, whatever it says of where it comes from', async () => {
    const plane = await open({ allowed: ['192.0.2.0/24', '::1'] })
    for (const line of [...LINES, ...UNREADABLE]) {
      for (const headers of [
        {},
        { 'x-forwarded-for': '192.0.2.1' },
        { forwarded: 'for=192.0.2.1', 'x-real-ip': '192.0.2.1' },
      ]) {
        const { status, code } = await ask(plane, line, { headers })
        assert.deepEqual([status, code], [403, 'address-refused'], line)
      }
    }
    const mapped = await open({ allowed: ['127.0.0.0/8'] })
    assert.equal((await ask(mapped, 'GET /login')).status, 200)
  })
})
