import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import type { GatewayRequest } from '../../messages/request.ts'
import { GatewayResponse } from '../../messages/response.ts'
import type { OutgoingCall } from '../../services.ts'
import {
  type FakeAnswer,
  FakeClock,
  FakeHttp,
  MemoryFiles,
  type PolicyRun,
  type PolicyRunSetup,
  run,
} from '../../testing/index.ts'
import { toSignedPath, toSignedPlace } from '../signed/signed-place.ts'
import { upstreamAuth } from '../upstream-auth.ts'
import {
  createMachine,
  type Judgement,
  judge,
  NOW,
  TENANCY,
  toFingerprint,
  toPem,
  toSessionToken,
  USER_KEY,
} from './oci-signing.fixture.ts'
import { VECTOR_KEY } from './oci-vectors.fixture.ts'

const HOUR = 3_600_000
const USER = {
  tenancy: TENANCY,
  user: 'ocid1.user.oc1..bbbb',
  fingerprint: toFingerprint(USER_KEY.publicKey),
  key: toPem(USER_KEY.privateKey),
}
const OCI = { url: 'https://functions.example.com:443/20181201', principal: { user: USER } }
const PLAIN = ['date', '(request-target)', 'host']
const WITH_BODY = [...PLAIN, 'content-length', 'content-type', 'x-content-sha256']

type Options = NonNullable<NonNullable<Parameters<typeof run<typeof upstreamAuth.options>>[1]>['oci']>

function signing(options: Partial<Options> = {}, setup: PolicyRunSetup = {}): PolicyRun {
  return run(upstreamAuth, { oci: { ...OCI, ...options } }, { clock: new FakeClock(NOW), ...setup })
}

async function believe(
  request: GatewayRequest,
  key: KeyObject = USER_KEY.publicKey,
  url = OCI.url,
): Promise<Judgement> {
  const place = toSignedPlace(url)
  return judge(
    {
      ...{ method: request.method, target: toSignedPath(place, request) + request.search, host: place.authority },
      find: (name) => request.headers.get(name),
      body: await request.body.bytes({ limitBytes: 1 << 24 }),
    },
    key,
  )
}

describe('a request that is signed for Oracle', () => {
  it('covers date, method, path, query and host', async () => {
    const headers = { Authorization: 'Bearer of-the-client', 'X-Date': 'x', Date: 'Thu, 01 Jan 1970 00:00:00 GMT' }
    const { upstream } = await signing().with({ target: '/f/1?b=%2F&a', headers })
    const { keyId, names } = await believe(upstream[0]!)
    assert.equal(keyId, `${TENANCY}/${USER.user}/${USER.fingerprint}`)
    assert.deepEqual(names, PLAIN)
    assert.equal(upstream[0]!.headers.get('date'), 'Sat, 31 Jan 2026 12:00:00 GMT')
    assert.equal(upstream[0]!.headers.has('x-date'), false)
    assert.deepEqual(upstream[0]!.headers.neverIndexed, ['authorization'])
    upstream[0]!.search = '?b=%2F&b'
    await assert.rejects(believe(upstream[0]!), /wrong/)
  })

  for (const method of ['POST', 'PUT', 'PATCH']) {
    for (const body of ['{"a":1}', '']) {
      it(`covers the body of ${method}, also one of ${body.length} bytes`, async () => {
        const { upstream } = await signing().with({ method, body, headers: { 'Content-Type': 'text/plain' } })
        assert.deepEqual((await believe(upstream[0]!)).names, WITH_BODY)
      })
    }
  }

  it('says a type where it has none', async () => {
    const { upstream } = await signing().with({ method: 'POST', body: 'x' })
    assert.equal(upstream[0]!.headers.get('content-type'), 'application/json')
    await believe(upstream[0]!)
  })

  it('has a body that streams where it is not signed, and says nothing of it', async () => {
    const headers = { 'X-Content-SHA256': 'of-the-client' }
    const { upstream } = await signing({ payload: 'unsigned' }).with({ method: 'PUT', body: 'x', headers })
    assert.deepEqual((await believe(upstream[0]!)).names, PLAIN)
    assert.equal(upstream[0]!.headers.has('x-content-sha256'), false)
  })

  it('is refused where its body is longer than the limit', async () => {
    const { problem, upstream } = await signing({ bodyLimitBytes: 3 }).with({ method: 'POST', body: 'abcd' })
    assert.deepEqual([problem?.code, upstream.length], ['body-too-large', 0])
  })

  it('has no field of Oracle that is not allowed, and never a token to act for others', async () => {
    const headers = {
      'opc-obo-token': 'x',
      'opc-meta-a': '1',
      'opc-retry-token': '2',
      opc_meta_a: '3',
      'Opc-Other': '4',
    }
    const { upstream } = await signing({ clientFields: ['opc-*'] }).with({ headers })
    const names = (request: GatewayRequest) =>
      [...request.headers].map(([name]) => name).filter((name) => /opc/i.test(name))
    assert.deepEqual(names(upstream[0]!), ['opc-meta-a', 'opc-retry-token', 'Opc-Other'])
    const strict = await signing({ clientFields: ['opc-meta-*'] }).with({ headers })
    assert.deepEqual(names(strict.upstream[0]!), ['opc-meta-a'])
    const none = await signing().with({ headers })
    assert.deepEqual(names(none.upstream[0]!), [])
  })

  it('is signed with a key that has a passphrase', async () => {
    const key = USER_KEY.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'l0ng' })
      .toString()
    const { upstream } = await signing({ principal: { user: { ...USER, key, passphrase: 'l0ng' } } }).with()
    await believe(upstream[0]!)
  })
})

const fieldOf = ({ headers = [] }: OutgoingCall, name: string) =>
  headers.find(([other]) => other.toLowerCase() === name)?.[1]

const MACHINE = createMachine()
const INTERMEDIATE = createMachine('opc-something')

/** Metadata of a machine, and who issues tokens for session keys that its certificate asks for. */
class Oracle {
  readonly clock = new FakeClock(NOW)
  readonly urls: string[] = []
  tokens = 0
  /** Of the newest session. */
  sessionKey: KeyObject | undefined
  change: Readonly<Record<string, FakeAnswer>> = {}
  readonly http = new FakeHttp((call) => this.#answer(call))

  #answer(call: OutgoingCall): FakeAnswer {
    const url = new URL(call.url)
    this.urls.push(call.url)
    const changed = this.change[url.pathname]
    if (changed !== undefined) return changed
    if (url.pathname === '/v1/x509') return this.#federate(call, url)
    if (fieldOf(call, 'authorization') !== 'Bearer Oracle') return { status: 401 }
    switch (url.pathname) {
      case '/opc/v2/identity/cert.pem':
        return { body: MACHINE.cert }
      case '/opc/v2/identity/key.pem':
        return { body: MACHINE.key }
      case '/opc/v2/identity/intermediate.pem':
        return { body: INTERMEDIATE.cert }
      case '/opc/v2/instance/regionInfo':
        return {
          body: { realmKey: 'oc1', realmDomainComponent: 'oraclecloud.com', regionIdentifier: 'eu-frankfurt-1' },
        }
      default:
        return { status: 404 }
    }
  }

  #federate(call: OutgoingCall, url: URL): FakeAnswer {
    const body = Buffer.from(String(call.body))
    const find = (name: string) => fieldOf(call, name)
    const { keyId, names } = judge(
      { method: 'POST', target: url.pathname, host: url.host, find, body },
      MACHINE.publicKey,
    )
    assert.equal(keyId, `${TENANCY}/fed-x509/${new X509Certificate(MACHINE.cert).fingerprint.toLowerCase()}`)
    assert.deepEqual(names, WITH_BODY)
    const said = JSON.parse(body.toString()) as Record<string, string>
    const raw = (pem: string) => new X509Certificate(pem).raw.toString('base64')
    assert.deepEqual([said.certificate, said.intermediateCertificates], [raw(MACHINE.cert), [raw(INTERMEDIATE.cert)]])
    return { body: { token: this.issue(said.publicKey!) } }
  }

  issue(publicText: string): string {
    const pem = `-----BEGIN PUBLIC KEY-----\n${publicText}\n-----END PUBLIC KEY-----`
    this.sessionKey = createPublicKey(pem)
    this.tokens++
    return toSessionToken({ sub: `session-${this.tokens}`, exp: (this.clock.now() + HOUR) / 1000 })
  }
}

describe('a machine of Oracle', () => {
  const principal = { instance: {} }

  it('signs with a session key, for which its certificate got a token', async () => {
    const oracle = new Oracle()
    const { upstream, problem } = await signing({ principal }, oracle).with({ method: 'POST', body: '{}' })
    assert.equal(problem?.reason, undefined)
    const { keyId } = await believe(upstream[0]!, oracle.sessionKey)
    assert.match(keyId, /^ST\$[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.equal(oracle.urls.at(-1), 'https://auth.eu-frankfurt-1.oraclecloud.com/v1/x509')
  })

  it('gets one token for all who wait, and the next one before it ends', async () => {
    const oracle = new Oracle()
    const policy = signing({ principal: { instance: { federationUrl: 'https://auth.example/' } } }, oracle)
    const answers = await Promise.all(Array.from({ length: 200 }, () => policy.with()))
    assert.deepEqual([new Set(answers.map(({ status }) => status)), oracle.tokens], [new Set([200]), 1])
    assert.ok(!oracle.urls.some((url) => url.endsWith('regionInfo')))
    await oracle.clock.advance(56 * 60_000)
    assert.equal((await policy.with()).status, 200)
  })

  it('asks for another token where the upstream doubts the one it has', async () => {
    const oracle = new Oracle()
    const upstream = () => GatewayResponse.ofText(401, 'NotAuthenticated')
    const policy = signing({ principal }, { http: oracle.http, clock: oracle.clock, upstream })
    await policy.with()
    await oracle.clock.advance(60_000)
    const asked = oracle.urls.length
    await policy.with()
    assert.ok(oracle.urls.length > asked)
  })

  // biome-ignore format: a table, one row an answer
  const ANSWERS: readonly (readonly [what: string, path: string, answer: FakeAnswer, reason: string])[] = [
    ['nobody knows it', '/opc/v2/identity/cert.pem', { status: 404 }, 'status-404'],
    ['its certificate is none', '/opc/v2/identity/cert.pem', { body: 'x' }, 'no-certificate'],
    ['its certificate names no tenancy', '/opc/v2/identity/cert.pem', { body: INTERMEDIATE.cert }, 'no-tenancy'],
    ['its key is none', '/opc/v2/identity/key.pem', { body: 'x' }, 'no-key'],
    ['it is nowhere', '/opc/v2/instance/regionInfo', { body: {} }, 'no-region'],
    ['it is at somebody else', '/opc/v2/instance/regionInfo', { body: { regionIdentifier: 'a.evil.example/', realmDomainComponent: 'b' } }, 'no-region'],
    ['it is refused', '/v1/x509', { status: 401, body: { code: 'NotAuthenticated' } }, 'status-401'],
    ['it gets no token', '/v1/x509', { body: {} }, 'no-token'],
    ['it gets a token that never ends', '/v1/x509', { body: { token: toSessionToken({}) } }, 'no-token'],
    ['it gets a token that is over', '/v1/x509', { body: { token: toSessionToken({ exp: 1 }) } }, 'token-ended'],
  ]
  for (const [what, path, answer, reason] of ANSWERS) {
    it(`signs nothing where ${what}, and no key is told`, async () => {
      const oracle = new Oracle()
      oracle.change = { [path]: answer }
      const policy = signing({ principal }, oracle)
      const { problem, upstream } = await policy.with()
      assert.deepEqual([problem?.code, problem?.reason], ['upstream-credential-unavailable', reason])
      assert.equal(upstream.length, 0)
      assert.ok(!JSON.stringify([policy.log.entries, problem]).includes(MACHINE.key.slice(40, 80)))
    })
  }
})

describe('a pod of Oracle', () => {
  const url = 'https://10.96.0.1:12250/resourcePrincipalSessionTokens'
  const tokenFile = '/var/run/secrets/token'

  it('signs with a session key, for which its service account got a token', async () => {
    const oracle = new Oracle()
    const http = new FakeHttp((call) => {
      assert.equal(fieldOf(call, 'authorization'), 'Bearer pod.token')
      const { podKey } = JSON.parse(String(call.body)) as { podKey: string }
      const answer = Buffer.from(JSON.stringify({ token: `ST$${oracle.issue(podKey)}` })).toString('base64')
      return { body: `"${answer}"` }
    })
    const files = new MemoryFiles({ [tokenFile]: Buffer.from('pod.token') })
    const principal = { workload: { url, tokenFile, tls: { ca: 'PEM' } } }
    const { upstream } = await signing({ principal }, { http, files }).with()
    const { keyId } = await believe(upstream[0]!, oracle.sessionKey)
    assert.match(keyId, /^ST\$[\w-]+\./)
    assert.deepEqual([http.calls[0]!.url, http.calls[0]!.tls], [url, { ca: 'PEM' }])
  })
})

describe('a resource of Oracle', () => {
  const [tokenFile, keyFile] = ['/rpst', '/key.pem']
  const principal = { resource: { tokenFile, keyFile } }
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const tokenFor = ({ publicKey }: { publicKey: KeyObject }, exp = (NOW + HOUR) / 1000) =>
    Buffer.from(`${toSessionToken({ exp, jwk: JSON.stringify(publicKey.export({ format: 'jwk' })) })}\n`)
  const keyOf = ({ privateKey }: { privateKey: KeyObject }) => Buffer.from(toPem(privateKey))
  const filesOf = (token: Buffer, key: Buffer) => new MemoryFiles({ [tokenFile]: token, [keyFile]: key })

  it('signs with the key and the token that stand in files', async () => {
    const token = tokenFor(USER_KEY)
    const { upstream } = await signing({ principal }, { files: filesOf(token, keyOf(USER_KEY)) }).with()
    assert.equal((await believe(upstream[0]!)).keyId, `ST$${token.toString().trim()}`)
  })

  it('signs with the new ones once both are there, and with the old ones until then', async () => {
    const files = filesOf(tokenFor(USER_KEY), keyOf(USER_KEY))
    const policy = signing({ principal }, { files })
    const signedBy = async (key: KeyObject) => believe((await policy.with()).upstream[0]!, key)
    await signedBy(USER_KEY.publicKey)
    files.replace(tokenFile, tokenFor(other))
    await signedBy(USER_KEY.publicKey)
    files.replace(keyFile, keyOf(other))
    await signedBy(other.publicKey)
  })

  it('reads files once that do not go together, and not with every request', async () => {
    let reads = 0
    const bytes = keyOf(USER_KEY)
    const files = filesOf(tokenFor(other), bytes)
    const content = {
      get bytes() {
        reads++
        return bytes
      },
    }
    const open = (path: string) => (path === keyFile ? { content } : files.open(path))
    const policy = signing({ principal }, { files: { open } as MemoryFiles })
    const atStart = reads
    for (let at = 0; at < 3; at++) assert.equal((await policy.with()).problem?.reason, 'key-mismatch')
    assert.equal(reads, atStart + 1)
  })

  it('signs nothing with a key that the token is not for, or a token that is over', async () => {
    for (const [token, reason] of [
      [tokenFor(other), 'key-mismatch'],
      [tokenFor(USER_KEY, NOW / 1000), 'token-ended'],
    ] as const) {
      const { status, problem } = await signing({ principal }, { files: filesOf(token, keyOf(USER_KEY)) }).with()
      assert.deepEqual([status, problem?.reason], [503, reason])
    }
  })

  it('does not run with a file that holds no key, and does not quote it', () => {
    for (const key of ['s3cret', toPem(generateKeyPairSync('ed25519').privateKey)]) {
      const files = filesOf(tokenFor(USER_KEY), Buffer.from(key))
      assert.throws(
        () => signing({ principal }, { files }),
        (error: Error) => /RSA|no private key/.test(error.message) && !error.message.includes(key.trim()),
      )
    }
  })
})

describe('options of signing for Oracle', () => {
  it('take the key of the documentation with the fingerprint that is published for it', () => {
    const [tenancy = '', user = ''] = VECTOR_KEY.keyId.split('/')
    const fingerprint = '73:61:a2:21:67:e0:df:be:7e:4b:93:1e:15:98:a5:b7'
    const principal = { user: { tenancy, user, fingerprint, key: VECTOR_KEY.pem } }
    assert.equal(upstreamAuth.options.safeParse({ oci: { ...OCI, principal } }).error?.message, undefined)
  })

  for (const [what, principal, message] of [
    ['nobody', {}, /one of user, instance, resource, workload/],
    ['two', { user: USER, instance: {} }, /here are 2/],
    ['no key', { user: { ...USER, key: 's3cret-key' } }, /no private key in PEM/],
    ['a wrong passphrase', { user: { ...USER, key: 's3cret-key', passphrase: 'x' } }, /that the passphrase opens/],
    ['another key', { user: { ...USER, fingerprint: `${'00:'.repeat(15)}00` } }, /that of another key/],
    ['the token of a pod in the clear', { workload: { url: 'http://10.0.0.1/', tokenFile: 'a' } }, /use https/],
  ] as const) {
    it(`refuse ${what}, and quote no secret`, () => {
      const { error } = upstreamAuth.options.safeParse({ oci: { ...OCI, principal } })
      assert.match(error?.message ?? '', message)
      assert.ok(!/s3cret/.test(error!.message))
    })
  }
})
