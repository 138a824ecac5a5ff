import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { CallFault } from '../../services.ts'
import { type FakeAnswer, FakeClock, MemoryFiles, RecordingLog, TestIssuer } from '../../testing/index.ts'
import { CloudStage, faultsOf, readForm } from '../clouds.fixture.ts'

const AUDIENCE = 'https://orders-abc123-ew.a.run.app'
const SCOPES = ['https://www.googleapis.com/auth/pubsub', 'https://www.googleapis.com/auth/devstorage.read_only']
const NOW_MS = new FakeClock().now()
const HOUR_MS = 3_600_000
const FLAVOR = { 'Metadata-Flavor': 'Google' }
const google = new TestIssuer()

const toIdToken = (endsAtMs = NOW_MS + HOUR_MS) => google.sign({ aud: AUDIENCE, exp: endsAtMs / 1000 })
const ID_TOKEN = toIdToken()
const toAnswer = (body: string | object, headers: Readonly<Record<string, string>> = FLAVOR) => ({ body, headers })

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEY = {
  type: 'service_account',
  private_key_id: 'key-7',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: 'gateway@project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
}
const toKey = (changes: object = {}) => JSON.stringify({ ...KEY, ...changes })
const toBytes = (text: string) => Buffer.from(text)

describe('the metadata server of Google', () => {
  it('is asked for an ID token for the audience, which is sent in the place of what the client says', async () => {
    const stage = new CloudStage({ google: { audience: AUDIENCE } }, () => toAnswer(`${ID_TOKEN}\n`))
    assert.equal(await stage.ask(), `Bearer ${ID_TOKEN}`)
    assert.deepEqual(
      stage.http.calls.map(({ url, method, headers }) => [url, method, headers]),
      [
        [
          `http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=${encodeURIComponent(AUDIENCE)}&format=full`,
          undefined,
          [['Metadata-Flavor', 'Google']],
        ],
      ],
    )
  })

  it('is asked for an access token with the scopes, as the account that is named, where it is said to be', async () => {
    const machine = { account: 'a@p.iam.gserviceaccount.com', metadataUrl: 'http://127.0.0.1:9/' }
    const options = { scopes: SCOPES, identity: { machine } }
    const stage = new CloudStage({ google: options }, () =>
      toAnswer({ access_token: 'ya29.a', expires_in: 3599, token_type: 'Bearer' }),
    )
    assert.equal(await stage.ask(), 'Bearer ya29.a')
    const { origin, pathname, searchParams } = new URL(stage.http.calls[0]?.url ?? '')
    assert.deepEqual(
      [origin, pathname, searchParams.get('scopes')],
      [
        'http://127.0.0.1:9',
        '/computeMetadata/v1/instance/service-accounts/a@p.iam.gserviceaccount.com/token',
        SCOPES.join(','),
      ],
    )
  })

  it('is told from whoever else answers there, by the field that it sends', async () => {
    const stage = new CloudStage({ google: { audience: AUDIENCE } }, () => toAnswer(ID_TOKEN, {}))
    assert.equal(await stage.askInVain(), 'no-metadata-server')
  })

  it('may ask for the token in another field, and then leaves the client its own Authorization', async () => {
    const header = 'X-Serverless-Authorization'
    const stage = new CloudStage({ google: { audience: AUDIENCE, header } }, () => toAnswer(ID_TOKEN))
    assert.equal(await stage.ask(header), `Bearer ${ID_TOKEN}`)
    const { upstream } = await stage.run.with({ headers: { Authorization: 'Bearer of-the-client' } })
    assert.equal(upstream[0]?.headers.get('authorization'), 'Bearer of-the-client')
  })

  it('is the only one that Cloud Run finds, whatever a client says in the field that it looks at first', async () => {
    const stage = new CloudStage({ google: { audience: AUDIENCE } }, () => toAnswer(ID_TOKEN))
    const { upstream } = await stage.run.with({ headers: { 'x-Serverless-Authorization': 'Bearer of-the-client' } })
    const [sent] = upstream
    assert.deepEqual(
      [sent?.headers.get('x-serverless-authorization'), sent?.headers.get('authorization')],
      [undefined, `Bearer ${ID_TOKEN}`],
    )
  })

  it('is asked once by all who wait, and again before the token ends, which its `exp` says', async () => {
    const clock = new FakeClock()
    let served = 0
    const answer = () => {
      served++
      return toAnswer(toIdToken(clock.now() + HOUR_MS))
    }
    const stage = new CloudStage({ google: { audience: AUDIENCE } }, answer, { clock })
    const tokens = await Promise.all(Array.from({ length: 200 }, () => stage.ask()))
    assert.deepEqual([new Set(tokens).size, served], [1, 1])
    await clock.advance(HOUR_MS - 5 * 60_000 - 1)
    assert.deepEqual([await stage.ask(), served], [tokens[0], 1])
    await clock.advance(1)
    // In the background: nobody waits for it.
    assert.deepEqual([await stage.ask(), served], [tokens[0], 2])
    await clock.advance(0)
    assert.notEqual(await stage.ask(), tokens[0])
  })

  it('issues a token for each thing that is wanted, and one to all who want the same', async () => {
    let served = 0
    const answer = () => toAnswer({ access_token: `${served++}`, expires_in: 3599 })
    const { shared } = new CloudStage({ google: { scopes: ['x'] } }, answer).run
    const sent = []
    for (const google of [
      { scopes: ['a'] },
      { scopes: ['b'] },
      { scopes: ['a'], identity: { machine: { account: 'c@d' } } },
      { scopes: ['a'], header: 'X-Serverless-Authorization' },
    ]) {
      sent.push(await new CloudStage({ google }, answer, { shared }).ask(google.header))
    }
    assert.deepEqual(sent, ['Bearer 0', 'Bearer 1', 'Bearer 2', 'Bearer 0'])
  })

  for (const [what, answer, reason] of [
    ['404', { status: 404 }, 'status-404'],
    ['503', { status: 503, headers: FLAVOR, body: ID_TOKEN }, 'status-503'],
    ['another place', { status: 302, headers: { ...FLAVOR, Location: 'http://10.0.0.1/' } }, 'status-302'],
    ['no token', toAnswer(''), 'no-token'],
    ['an opaque one', toAnswer('ya29.a'), 'no-token'],
    ['one that says not when it ends', toAnswer(google.sign({ aud: AUDIENCE })), 'no-token'],
    ['one that ends never', toAnswer(google.sign('{"exp":1e999}')), 'no-token'],
    ['one that is over', toAnswer(toIdToken(NOW_MS)), 'token-ended'],
    ['two lines', toAnswer(`${ID_TOKEN}\r\nX-Evil: 1`), 'no-token'],
  ] as const satisfies [string, FakeAnswer, string][]) {
    it(`that answers ${what} leaves the upstream unasked: ${reason}`, async () => {
      assert.equal(await new CloudStage({ google: { audience: AUDIENCE } }, () => answer).askInVain(), reason)
    })
  }

  for (const [what, body, reason] of [
    ['no JSON', 'ya29.a', 'no-json'],
    ['no token', { expires_in: 1 }, 'no-token'],
    ['a list', { access_token: ['a'], expires_in: 60 }, 'no-token'],
    ['another type of token', { access_token: 'a', expires_in: 60, token_type: 'pop' }, 'token-type'],
    ['an end that is none', { access_token: 'a', expires_in: 'soon' }, 'token-end'],
    ['an end before now', { access_token: 'a', expires_in: -1 }, 'token-ended'],
    ['two ends, the first of which is over', { access_token: 'a', expires_in: 60, expires_on: '1' }, 'token-ended'],
    ['a token of two words', { access_token: 'a b', expires_in: 60 }, 'no-token'],
  ] as const) {
    it(`that answers ${what} for scopes leaves the upstream unasked: ${reason}`, async () => {
      assert.equal(await new CloudStage({ google: { scopes: SCOPES } }, () => toAnswer(body)).askInVain(), reason)
    })
  }

  it('answers with so much at most, and is asked again after some seconds where it did not', async () => {
    const clock = new FakeClock()
    let isUp = false
    const answer = () => {
      if (isUp) return toAnswer(toIdToken(clock.now() + HOUR_MS))
      throw new CallFault('ECONNREFUSED', 'nobody listens')
    }
    const stage = new CloudStage({ google: { audience: AUDIENCE } }, answer, { clock })
    assert.equal(await stage.askInVain(), 'ECONNREFUSED')
    isUp = true
    assert.equal(await stage.askInVain(), 'ECONNREFUSED')
    assert.deepEqual(
      stage.http.calls.map(({ limitBytes, mayRepeat }) => [limitBytes, mayRepeat]),
      [[65_536, true]],
    )
    await clock.advance(5_000)
    assert.match((await stage.ask()) ?? '', /^Bearer /)
  })
})

describe('the key of a service account', () => {
  const getCall = (stage: CloudStage) => stage.http.calls[0] ?? assert.fail('nobody was asked')

  it('signs who the gateway is, and gets an access token', async () => {
    const stage = new CloudStage({ google: { scopes: SCOPES, identity: { key: toKey() } } }, () => ({
      body: { access_token: 'ya29.b', expires_in: 3599, token_type: 'Bearer' },
    }))
    assert.equal(await stage.ask(), 'Bearer ya29.b')
    const call = getCall(stage)
    const { grant_type, assertion = '' } = readForm(call)
    assert.deepEqual(
      [call.url, call.method, grant_type],
      [KEY.token_uri, 'POST', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    )
    const { payload, protectedHeader } = await jwtVerify(assertion, createPublicKey(privateKey), {
      currentDate: new Date(NOW_MS),
    })
    assert.deepEqual(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: 'key-7' })
    const iat = NOW_MS / 1000
    assert.deepEqual(payload, {
      iss: KEY.client_email,
      aud: KEY.token_uri,
      iat,
      exp: iat + 300,
      scope: SCOPES.join(' '),
    })
  })

  it('gets an ID token for an audience', async () => {
    const stage = new CloudStage({ google: { audience: AUDIENCE, identity: { key: toKey() } } }, () => ({
      body: { id_token: ID_TOKEN },
    }))
    assert.equal(await stage.ask(), `Bearer ${ID_TOKEN}`)
    const claims = decodeJwt(readForm(getCall(stage)).assertion ?? '')
    assert.deepEqual([claims.target_audience, claims.scope], [AUDIENCE, undefined])
  })

  it('is read from a file, and the one that replaces it signs what follows', async () => {
    const clock = new FakeClock()
    const files = new MemoryFiles({ 'key.json': toBytes(toKey()) })
    const answer = () => ({ body: { access_token: 'a', expires_in: 100 } })
    const stage = new CloudStage({ google: { scopes: SCOPES, identity: { keyFile: 'key.json' } } }, answer, {
      clock,
      files,
    })
    await stage.ask()
    files.replace('key.json', toBytes(toKey({ private_key_id: 'key-8' })))
    await clock.advance(100_000)
    await stage.ask()
    assert.deepEqual(
      stage.http.calls.map((call) => decodeProtectedHeader(readForm(call).assertion ?? '').kid),
      ['key-7', 'key-8'],
    )
  })

  for (const [what, text, fault] of [
    ['no JSON', 'hunter2', /this is no JSON object/],
    ['a person', '{"type":"authorized_user","refresh_token":"hunter2"}', /credentials of a person/],
    ['a federation', '{"type":"external_account"}', /write `federation` instead/],
    ['another thing', '{"type":"constructor"}', /its `type` is another/],
    ['no owner', toKey({ client_email: '' }), /`client_email`/],
    ['no key', toKey({ private_key: 'hunter2' }), /`private_key`: this is neither a key in PEM nor a JWK/],
    ['no URL', toKey({ token_uri: 'file:///hunter2' }), /`token_uri` is no http/],
    ['a number', toKey({ private_key_id: 7 }), /`private_key_id` is no text/],
    [
      'a weak key',
      toKey({
        private_key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      }),
      /2048 bits/,
    ],
  ] as const) {
    it(`that is ${what} is refused, in the options and in a file, without a word of it`, () => {
      const [said = ''] = faultsOf({ google: { scopes: SCOPES, identity: { key: text } } })
      assert.match(said, fault)
      const files = new MemoryFiles({ 'key.json': toBytes(text) })
      const start = () =>
        new CloudStage({ google: { scopes: SCOPES, identity: { keyFile: 'key.json' } } }, () => ({}), { files })
      assert.throws(start, fault)
      assert.ok(!said.includes('hunter2'))
    })
  }
})

describe('a federated identity of Google', () => {
  const provider = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/k8s'
  const federation = { audience: provider, tokenFile: 'token' }
  const account = 'orders@project.iam.gserviceaccount.com'
  const start = (options: object, answer: (url: string) => FakeAnswer, clock = new FakeClock()) => {
    const files = new MemoryFiles({ token: toBytes('first.token.of-kubernetes\n') })
    const stage = new CloudStage({ google: { identity: { federation }, ...options } }, ({ url }) => answer(url), {
      files,
      clock,
    })
    return { stage, files, clock }
  }

  it('exchanges the token in the file for an access token, and what replaced it the next time', async () => {
    const { stage, files, clock } = start({ scopes: SCOPES }, () => ({
      body: { access_token: 'sts', expires_in: 100, token_type: 'Bearer' },
    }))
    assert.equal(await stage.ask(), 'Bearer sts')
    const [call] = stage.http.calls
    assert.equal(call?.url, 'https://sts.googleapis.com/v1/token')
    assert.deepEqual(call === undefined ? {} : readForm(call), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: provider,
      scope: SCOPES.join(' '),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: 'first.token.of-kubernetes',
    })
    files.replace('token', toBytes('second.token.of-kubernetes'))
    await clock.advance(100_000)
    await stage.ask()
    assert.deepEqual(
      stage.http.calls.map((each) => readForm(each).subject_token),
      ['first.token.of-kubernetes', 'second.token.of-kubernetes'],
    )
  })

  it('speaks as a service account for APIs of Google, for as long as its token says', async () => {
    const clock = new FakeClock()
    const { stage } = start(
      { scopes: SCOPES, impersonate: { account } },
      (url) => ({
        body: url.includes('sts')
          ? { access_token: 'sts', expires_in: 100 }
          : { accessToken: 'ya29.c', expireTime: new Date(clock.now() + HOUR_MS).toISOString() },
      }),
      clock,
    )
    assert.equal(await stage.ask(), 'Bearer ya29.c')
    const [exchange, call] = stage.http.calls
    assert.equal(exchange && readForm(exchange).scope, 'https://www.googleapis.com/auth/cloud-platform')
    assert.deepEqual(
      [call?.url, call?.headers?.[0], call?.body],
      [
        `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
        ['Authorization', 'Bearer sts'],
        JSON.stringify({ scope: SCOPES }),
      ],
    )
    await clock.advance(HOUR_MS / 2)
    await stage.ask()
    assert.equal(stage.http.calls.length, 2)
  })

  it('speaks as a service account to services of yours', async () => {
    const { stage } = start({ audience: AUDIENCE, impersonate: { account } }, (url) => ({
      body: url.includes('sts') ? { access_token: 'sts' } : { token: ID_TOKEN },
    }))
    assert.equal(await stage.ask(), `Bearer ${ID_TOKEN}`)
    const call = stage.http.calls[1]
    assert.match(call?.url ?? '', /:generateIdToken$/)
    assert.deepEqual(JSON.parse(String(call?.body)), { audience: AUDIENCE, includeEmail: true })
  })

  for (const [what, expireTime] of [
    ['nothing', undefined],
    ['seconds', 3600],
    ['words', 'in an hour'],
    ['a year', '2027'],
  ] as const) {
    it(`sends nothing where the token of the service account ends at ${what}`, async () => {
      const { stage } = start({ scopes: SCOPES, impersonate: { account } }, (url) => ({
        body: url.includes('sts') ? { access_token: 'sts' } : { accessToken: 'a', expireTime },
      }))
      assert.equal(await stage.askInVain(), 'token-end')
    })
  }

  for (const [what, text] of [
    ['empty', ' \n'],
    ['of two lines', 'a\nb'],
    ['of other characters', 'tökén'],
    ['too long', 'a'.repeat(16_385)],
  ] as const) {
    it(`does not take a file that is ${what}, and says nothing of what is in it`, () => {
      const files = new MemoryFiles({ token: toBytes(text) })
      const begin = () =>
        new CloudStage({ google: { scopes: SCOPES, identity: { federation } } }, () => ({}), { files })
      assert.throws(
        begin,
        ({ message }: Error) => /token/.test(message) && (text.length < 4 || !message.includes(text)),
      )
    })
  }
})

describe('options of google', () => {
  const federation = { audience: '//iam', tokenFile: 'token' }
  for (const [options, faults] of [
    [
      {},
      [
        'google.audience: say what the token is for: `audience` for a service of yours, or `scopes` for an API of Google',
      ],
    ],
    [{ audience: 'a', scopes: ['b'] }, ['google.scopes: a token is for one of both: keep `audience` or `scopes`']],
    [{ scopes: ['a b'] }, ['google.scopes.0: one scope an item']],
    [
      { audience: 'a', identity: { federation } },
      ['google.identity.federation: only a service account gets ID tokens: say which one by `impersonate`'],
    ],
    [
      { scopes: ['a'], identity: { keyFile: 'k', federation } },
      ['google.identity: only one counts, and here are 2: keep one of keyFile, federation'],
    ],
    [
      { scopes: ['a'], identity: { keyFile: 'k', machine: { account: 'b' } } },
      ['google.identity: only one counts, and here are 2: keep one of machine, keyFile'],
    ],
    [
      { scopes: ['a'], identity: { machine: { account: '../x' } } },
      ['google.identity.machine.account: an account is called by an e-mail address'],
    ],
    [
      { audience: 'a', header: 'Proxy-Authorization' },
      [
        'google.header: Proxy-Authorization cannot be changed in a request: it is meant for the gateway itself, which does not send it on',
      ],
    ],
    [{ audience: 'a', identity: { federation }, impersonate: { account: 'a@b' } }, []],
    [{ audience: 'a', impersonate: { account: 'a@b' } }, []],
  ] as const) {
    it(`${JSON.stringify(options)}: ${faults.length === 0 ? 'sound' : faults.join('; ')}`, () => {
      assert.deepEqual(faultsOf({ google: options }), faults)
    })
  }
})

describe('what is logged of Google', () => {
  it('is that it does not answer as it should, and no key, no token and nothing of its answer', async () => {
    const stage = new CloudStage({ google: { scopes: SCOPES, identity: { key: toKey() } } }, () => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'hunter2' },
    }))
    assert.equal(await stage.askInVain(), 'status-400')
    const { log } = stage.run
    assert.ok(log instanceof RecordingLog)
    assert.deepEqual(
      log.entries.map(({ message, facts }) => [message, facts]),
      [
        [
          'a service does not answer as it should',
          { policy: 'test/upstream-auth/0', service: 'google', wants: 'a token', reason: 'status-400', failures: 1 },
        ],
      ],
    )
    assert.ok(!JSON.stringify(log.entries).includes('hunter2'))
  })
})
