import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFault } from '../services.ts'
import { FakeClock, RecordingLog } from '../testing/index.ts'
import { callTlsSchema, confidentialUrlSchema, serviceUrlSchema, toCallTls } from './call-options.ts'
import { parseObject, toSenseless } from './json-answer.ts'
import { OutageLog } from './outage-log.ts'
import { toUnavailable } from './unavailable.ts'

describe('the URL of a service', () => {
  for (const url of [
    'http://localhost:8080',
    'https://login.example.com/oauth2/introspect?tenant=a',
    'http://[::1]/x',
  ]) {
    it(`may be ${url}`, () => assert.ok(serviceUrlSchema.safeParse(url).success))
  }
  for (const [url, why] of [
    ['ftp://example.com/', /http or https/],
    ['javascript:alert(1)', /http or https/],
    ['login.example.com', /http or https/],
    ['https://user:s3cret@example.com/', /password/],
    ['https://user@example.com/', /password/],
    ['https://example.com/#a', /fragment/],
    ['https://example.com/#', /fragment/],
  ] as const) {
    it(`is not ${url}`, () => assert.match(serviceUrlSchema.safeParse(url).error?.message ?? '', why))
  }
})

describe('the URL of who is told secrets', () => {
  for (const url of [
    'https://login.example.com',
    'http://localhost:1/',
    'http://127.9.9.9',
    'http://2130706433/',
    'http://[::1]',
    'http://169.254.170.2/v2',
    'http://[fe80::1]',
    'http://[fd00:ec2::23]/v1',
  ]) {
    it(`may be ${url}`, () => assert.ok(confidentialUrlSchema.safeParse(url).success))
  }
  for (const url of [
    'http://login.example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'http://[fe00::1]',
    'http://[2001:db8::fe80]',
    'http://169.254.example.com',
  ]) {
    it(`is not ${url}`, () => assert.match(confidentialUrlSchema.safeParse(url).error?.message ?? '', /use https/))
  }
})

describe('the proof of a service', () => {
  it('is said as it is written, and keeps the key to itself', () => {
    const tls = toCallTls(callTlsSchema.parse({ ca: 'CA', cert: 'CERT', key: 'KEY' }))
    assert.deepEqual([tls?.ca, tls?.cert, tls?.key?.reveal()], ['CA', 'CERT', 'KEY'])
    assert.ok(!JSON.stringify(tls).includes('KEY'))
    assert.deepEqual(toCallTls(callTlsSchema.parse({ ca: 'CA' })), { ca: 'CA' })
    assert.equal(toCallTls(callTlsSchema.parse(undefined)), undefined)
  })

  it('has a key with its certificate, and a certificate with its key', () => {
    for (const half of [{ cert: 'CERT' }, { key: 'KEY' }]) {
      assert.match(callTlsSchema.safeParse(half).error?.message ?? '', /give both, or neither/)
    }
  })
})

describe('an answer in JSON', () => {
  for (const [body, reason] of [
    ['', 'no-json'],
    ['{"active":true', 'no-json'],
    ['<html>', 'no-json'],
    ['[]', 'no-object'],
    ['null', 'no-object'],
    ['true', 'no-object'],
  ] as const) {
    it(`is none where it says ${JSON.stringify(body)}: ${reason}`, () => {
      assert.throws(
        () => parseObject(Buffer.from(body)),
        (fault) => fault instanceof CallFault && fault.reason === reason,
      )
    })
  }
})

describe('what the log says of an outage', () => {
  it('is its beginning, once a minute that it lasts, and its end', async () => {
    const log = new RecordingLog()
    const clock = new FakeClock()
    const outage = new OutageLog(
      { log, clock },
      { service: 'https://auth.internal:8443/check?key=s3cret', policy: 'p' },
    )
    outage.worked()
    for (let at = 0; at < 100; at++) outage.failed(new CallFault('timeout', 'too late'))
    assert.deepEqual(
      log.entries.map(({ level, message, facts }) => [level, message, facts]),
      [
        [
          'warn',
          'a service cannot be asked',
          { service: 'auth.internal:8443', policy: 'p', reason: 'timeout', failures: 1 },
        ],
      ],
    )
    await clock.advance(60_000)
    outage.failed(new CallFault('status-500', 'it fails', { isAnswered: true }))
    outage.worked()
    outage.worked()
    assert.deepEqual(
      log.entries.slice(1).map(({ level, message, facts }) => [level, message, facts.failures]),
      [
        ['warn', 'a service does not answer as it should', 101],
        ['info', 'a service answers as it should again', 101],
      ],
    )
    outage.failed(new CallFault('timeout', 'too late'))
    assert.equal(log.entries.length, 4)
  })
})

describe('what a client hears where nobody could be asked', () => {
  it('says what could not be done, and when to come back, and no host', () => {
    const refused = new CallFault('ECONNREFUSED', 'nobody listens at auth.internal')
    const broken = new CallFault('no-json', 'of auth.internal', { isAnswered: true })
    const said = [toUnavailable(refused), toUnavailable(broken, { who: 'The directory', retryAfterSeconds: 1 })]
    assert.deepEqual(
      said.map(({ status, detail, reason, headers }) => [status, detail, reason, headers]),
      [
        [
          503,
          'Whoever decides about this request cannot be asked now. Nothing was carried out; try again later.',
          'ECONNREFUSED',
          [['Retry-After', '5']],
        ],
        [
          503,
          'The directory does not answer as it should now. Nothing was carried out; try again later.',
          'no-json',
          [['Retry-After', '1']],
        ],
      ],
    )
  })

  it('is of an answer where there is one that makes no sense', () => {
    assert.deepEqual(
      [toSenseless('status-500').isAnswered, new CallFault('timeout', 'too late').isAnswered],
      [true, false],
    )
  })
})
