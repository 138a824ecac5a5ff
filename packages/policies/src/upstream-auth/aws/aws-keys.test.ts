import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayResponse } from '../../messages/response.ts'
import type { OutgoingCall } from '../../services.ts'
import { type FakeAnswer, FakeClock, FakeHttp, MemoryFiles, type PolicyRunSetup } from '../../testing/index.ts'
import { type AWS, findFault, ID, NOW, SECRET, SESSION, signing } from './aws-signing.fixture.ts'

const HOUR = 3_600_000
const KEYS = { AccessKeyId: ID, SecretAccessKey: SECRET, Token: SESSION, Expiration: '2026-01-31T13:00:00Z' }
const ROLE = 'arn:aws:iam::123456789012:role/orders'
const TOKEN_FILE = '/var/run/secrets/token'

const fieldOf = ({ headers = [] }: OutgoingCall, name: string) =>
  headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1]

/** IMDSv2, and nothing else: who comes without its token is sent away. */
function metadata(keys: () => FakeAnswer): FakeHttp {
  return new FakeHttp((call) => {
    const { pathname } = new URL(call.url)
    if (pathname === '/latest/api/token') {
      if (call.method !== 'PUT') return { status: 405 }
      return fieldOf(call, 'x-aws-ec2-metadata-token-ttl-seconds') === undefined
        ? { status: 400 }
        : { body: 'm3tadata==' }
    }
    if (fieldOf(call, 'x-aws-ec2-metadata-token') !== 'm3tadata==') return { status: 401 }
    if (pathname === '/latest/meta-data/iam/security-credentials/') return { body: 'gateway-role' }
    if (pathname === '/latest/meta-data/iam/security-credentials/gateway-role') return keys()
    return { status: 404 }
  })
}

const files = (text = 'first.web.token') => new MemoryFiles({ [TOKEN_FILE]: Buffer.from(text) })
const webIdentity = { webIdentity: { tokenFile: TOKEN_FILE, roleArn: ROLE } }
const sts = (member: object) => ({
  AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: member } },
})
const STS_KEYS = { AccessKeyId: ID, SecretAccessKey: SECRET, SessionToken: SESSION }

async function signs(credentials: (typeof AWS)['credentials'] | object, setup: PolicyRunSetup): Promise<void> {
  const policy = signing({ credentials }, setup)
  const { upstream, problem } = await policy.with({ target: '/orders' })
  assert.equal(problem?.reason, undefined)
  assert.equal(await findFault(upstream[0]!, { sessionToken: SESSION }), undefined)
}

describe('keys of a container', () => {
  const url = 'http://169.254.170.2/v2/credentials/abc'

  it('are asked for with its token, and sign', async () => {
    const http = new FakeHttp(() => ({ body: { RoleArn: ROLE, ...KEYS } }))
    await signs({ container: { url, token: 'c0ntainer' } }, { http })
    assert.deepEqual(
      http.calls.map((call) => [call.url, call.method, fieldOf(call, 'authorization')]),
      [[url, undefined, 'c0ntainer']],
    )
  })

  it('are asked for with the token that is in a file by then', async () => {
    const http = new FakeHttp(() => ({ body: KEYS }))
    const clock = new FakeClock(NOW)
    const projected = files()
    const policy = signing(
      { credentials: { container: { url, tokenFile: TOKEN_FILE } } },
      { http, clock, files: projected },
    )
    await policy.with()
    projected.replace(TOKEN_FILE, Buffer.from('second.token\n'))
    await clock.advance(HOUR)
    await policy.with()
    assert.deepEqual(
      http.calls.map((call) => fieldOf(call, 'authorization')),
      ['first.web.token', 'second.token'],
    )
  })
})

describe('keys of a machine', () => {
  it('are asked for by IMDSv2, and sign', async () => {
    const http = metadata(() => ({ body: { Code: 'Success', ...KEYS } }))
    await signs({ instance: {} }, { http })
    assert.deepEqual(
      http.calls.map(({ url, method = 'GET' }) => `${method} ${url}`),
      [
        'PUT http://169.254.169.254/latest/api/token',
        'GET http://169.254.169.254/latest/meta-data/iam/security-credentials/',
        'GET http://169.254.169.254/latest/meta-data/iam/security-credentials/gateway-role',
      ],
    )
  })

  it('are asked for of a role that is named, without asking for its name', async () => {
    const http = metadata(() => ({ body: KEYS }))
    await signs({ instance: { role: 'gateway-role', metadataUrl: 'http://metadata.internal/' } }, { http })
    assert.equal(http.calls.length, 2)
  })

  it('are never asked for without a token, as IMDSv1 has it', async () => {
    const http = new FakeHttp(({ method }) => (method === 'PUT' ? { status: 403 } : { body: KEYS }))
    const { problem, upstream } = await signing({ credentials: { instance: {} } }, { http }).with()
    assert.deepEqual([problem?.code, problem?.reason], ['upstream-credential-unavailable', 'status-403'])
    assert.deepEqual([http.calls.length, upstream.length], [1, 0])
  })
})

describe('keys of a role', () => {
  it('are given by STS for a token in a file, and sign', async () => {
    const http = new FakeHttp(() => ({ body: sts({ ...STS_KEYS, Expiration: (NOW + HOUR) / 1000 }) }))
    await signs(webIdentity, { http, files: files() })
    const [call] = http.calls
    assert.equal(call!.url, 'https://sts.eu-central-1.amazonaws.com/')
    assert.deepEqual([call!.method, fieldOf(call!, 'accept')], ['POST', 'application/json'])
    assert.deepEqual(Object.fromEntries(new URLSearchParams(String(call!.body))), {
      ...{ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: ROLE },
      ...{ RoleSessionName: 'gatewright', DurationSeconds: '3600', WebIdentityToken: 'first.web.token' },
    })
  })

  it('are read off XML, which copies of STS speak', async () => {
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
  <AssumedRoleUser><Arn></Arn><AssumeRoleId></AssumeRoleId></AssumedRoleUser><Credentials><AccessKeyId>${ID}</AccessKeyId>
  <SecretAccessKey>${SECRET}</SecretAccessKey><Expiration>2026-01-31T13:00:00Z</Expiration><SessionToken>${SESSION}</SessionToken>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
    const http = new FakeHttp(() => ({ headers: { 'Content-Type': 'text/xml' }, body }))
    await signs(
      { webIdentity: { ...webIdentity.webIdentity, stsUrl: 'https://minio.internal:9000/' } },
      { http, files: files() },
    )
    assert.equal(http.calls[0]!.url, 'https://minio.internal:9000/')
  })

  it('are given by the STS of China in its regions', async () => {
    const http = new FakeHttp(() => ({ body: sts(STS_KEYS) }))
    await signing({ credentials: webIdentity, region: 'cn-north-1' }, { http, files: files() }).with()
    assert.equal(http.calls[0]!.url, 'https://sts.cn-north-1.amazonaws.com.cn/')
  })

  it('are not there while the file holds no token', () => {
    assert.throws(() => signing({ credentials: webIdentity }, { files: files('two words') }), /no token/)
  })
})

describe('temporary keys', () => {
  it('are fetched once for all who wait', async () => {
    let answer = (_: FakeAnswer): void => {}
    const http = new FakeHttp(() => new Promise<FakeAnswer>((resolve) => (answer = resolve)))
    const policy = signing({ credentials: { container: { url: 'http://localhost/' } } }, { http })
    const waiting = Array.from({ length: 200 }, () => policy.with())
    answer({ body: KEYS })
    assert.deepEqual(new Set((await Promise.all(waiting)).map(({ status }) => status)), new Set([200]))
    assert.equal(http.calls.length, 1)
  })

  it('are renewed before they end, while the old ones are used', async () => {
    const clock = new FakeClock(NOW)
    let given = 0
    const http = new FakeHttp(() => {
      given++
      return { body: { ...KEYS, AccessKeyId: `AKID${given}`, Expiration: new Date(clock.now() + HOUR).toISOString() } }
    })
    const policy = signing({ credentials: { container: { url: 'http://localhost/' } } }, { http, clock })
    const useKey = async () => {
      const { upstream } = await policy.with()
      return /Credential=([^/]+)/.exec(upstream[0]!.headers.get('authorization')!)?.[1]
    }
    assert.equal(await useKey(), 'AKID1')
    await clock.advance(54 * 60_000)
    assert.deepEqual([await useKey(), http.calls.length], ['AKID1', 1])
    await clock.advance(2 * 60_000)
    assert.equal(await useKey(), 'AKID1', 'nobody waits for the new ones')
    await clock.advance(0)
    assert.deepEqual([await useKey(), http.calls.length], ['AKID2', 2])
  })

  it('are asked for again where the upstream doubts them', async () => {
    const clock = new FakeClock(NOW)
    const http = new FakeHttp(() => ({ body: KEYS }))
    let answer = GatewayResponse.ofText(403, 'no')
    const upstream = () => answer
    const policy = signing({ credentials: { container: { url: 'http://localhost/' } } }, { http, clock, upstream })
    await policy.with()
    await clock.advance(60_000)
    await policy.with()
    assert.equal(http.calls.length, 1, 'AWS says 403 of what clients may not, too')
    answer = GatewayResponse.ofText(403, 'no')
    answer.headers.set('x-amzn-ErrorType', 'ExpiredTokenException')
    await policy.with()
    assert.equal(http.calls.length, 2)
    answer = GatewayResponse.ofText(401, 'no')
    await clock.advance(59_000)
    await policy.with()
    assert.equal(http.calls.length, 2, 'whoever makes the upstream say so has little asked for')
    await clock.advance(1_000)
    await policy.with()
    assert.equal(http.calls.length, 3)
  })

  // biome-ignore format: a table, one row an answer
  const ANSWERS: readonly (readonly [what: string, answer: FakeAnswer, reason: string])[] = [
    ['is a failure', { status: 500, body: { secret: SECRET } }, 'status-500'],
    ['is no JSON', { body: `no ${SECRET}` }, 'no-json'],
    ['says that it has none', { body: { Code: 'AssumeRoleUnauthorizedAccess' } }, 'no-keys'],
    ['lacks the secret', { body: { ...KEYS, SecretAccessKey: '' } }, 'no-keys'],
    ['holds what stands in no field', { body: { ...KEYS, Token: 'a\r\nb' } }, 'no-keys'],
    ['has an id that ends the field', { body: { ...KEYS, AccessKeyId: 'a/b, c' } }, 'no-keys'],
    ['is over', { body: { ...KEYS, Expiration: '2026-01-31T11:00:00Z' } }, 'token-ended'],
    ['ends at no time', { body: { ...KEYS, Expiration: 'soon' } }, 'token-end'],
    ['is XML without keys', { body: '<Error/>' }, 'no-json'],
  ]
  for (const [what, answer, reason] of ANSWERS) {
    it(`are not there where the answer ${what}, and nothing of it is told`, async () => {
      const http = new FakeHttp(() => answer)
      const policy = signing({ credentials: { container: { url: 'http://localhost/', token: 'c0ntainer' } } }, { http })
      const { status, problem, upstream, text } = await policy.with()
      assert.deepEqual([status, problem?.code, problem?.reason], [503, 'upstream-credential-unavailable', reason])
      assert.equal(upstream.length, 0)
      assert.deepEqual(
        policy.log.entries.map(({ facts }) => [facts.service, facts.reason]),
        [['aws-container', reason]],
      )
      const told = `${await text()}${JSON.stringify([policy.log.entries, problem])}`
      for (const secret of [SECRET, SESSION, 'c0ntainer']) assert.ok(!told.includes(secret))
    })
  }

  it('are read off no STS answer that lacks them', async () => {
    for (const body of [sts({}), {}, { AssumeRoleWithWebIdentityResponse: [] }, '<Credentials></Credentials>']) {
      const http = new FakeHttp(() => ({ body }))
      const { problem } = await signing({ credentials: webIdentity }, { http, files: files() }).with()
      assert.equal(problem?.reason, 'no-keys')
    }
  })
})
