import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { jwtVerify } from 'jose'
import { FakeClock, MemoryFiles } from '../../testing/index.ts'
import { CloudStage, faultsOf, type Given, readForm } from '../clouds.fixture.ts'

const NOW_MS = new FakeClock().now()
const TENANT = '11111111-2222-3333-4444-555555555555'
const CLIENT = '99999999-8888-7777-6666-555555555555'
const toApplication = (said: object) => ({
  resource: 'api://orders',
  identity: { application: { tenant: TENANT, clientId: CLIENT, ...said } as never },
})

const answer = () => ({ body: { access_token: 'eyJ.azure', expires_in: 3599, token_type: 'Bearer' } })
const getCall = (stage: CloudStage) => stage.http.calls[0] ?? assert.fail('nobody was asked')

function makeCertificate(): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-azure-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=gateway', '-days', '1']
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    )
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const { cert, key } = makeCertificate()

describe('the managed identity of a machine in Azure', () => {
  const ask = async (options: NonNullable<Given['azure']>) => {
    const stage = new CloudStage({ azure: options }, () => ({
      body: {
        access_token: 'eyJ.azure',
        expires_in: '86399',
        expires_on: `${NOW_MS / 1000 + 86_399}`,
        token_type: 'Bearer',
      },
    }))
    assert.equal(await stage.ask(), 'Bearer eyJ.azure')
    const { url, headers, method } = getCall(stage)
    assert.equal(method, undefined)
    const { origin, pathname, searchParams } = new URL(url)
    return { place: origin + pathname, query: Object.fromEntries(searchParams), headers }
  }

  it('is asked for at the metadata service', async () => {
    assert.deepEqual(await ask({ resource: 'api://orders' }), {
      place: 'http://169.254.169.254/metadata/identity/oauth2/token',
      query: { 'api-version': '2018-02-01', resource: 'api://orders' },
      headers: [['Metadata', 'true']],
    })
  })

  for (const [option, parameter] of [
    ['clientId', 'client_id'],
    ['objectId', 'object_id'],
    ['resourceId', 'msi_res_id'],
  ] as const) {
    it(`is one of several by ${option}`, async () => {
      const { query } = await ask({ resource: 'api://orders', identity: { machine: { [option]: '/whichone?' } } })
      assert.equal(query[parameter], '/whichone?')
    })
  }

  it('is asked for where App Service says, with the header that it gave', async () => {
    const endpoint = 'http://127.0.0.1:41235/msi/token/?a=b'
    assert.deepEqual(
      await ask({
        resource: 'https://storage.azure.com',
        identity: { platform: { endpoint, header: 'hunter2', resourceId: '/x' } },
      }),
      {
        place: 'http://127.0.0.1:41235/msi/token/',
        query: { a: 'b', 'api-version': '2019-08-01', resource: 'https://storage.azure.com', mi_res_id: '/x' },
        headers: [['X-IDENTITY-HEADER', 'hunter2']],
      },
    )
  })

  for (const [given, resource] of [
    ['api://orders/.default', 'api://orders'],
    // The slash belongs to what this one is called, and to the audience of its tokens.
    ['https://management.core.windows.net//.default', 'https://management.core.windows.net/'],
    ['https://management.core.windows.net/', 'https://management.core.windows.net/'],
  ] as const) {
    it(`is for ${resource} where ${given} is meant`, async () => {
      assert.equal((await ask({ resource: given })).query.resource, resource)
    })
  }

  for (const [what, ends, lifeSeconds] of [
    ['a number of seconds', { expires_in: 1000 }, 1000],
    ['a text of them', { expires_in: '1000' }, 1000],
    ['a moment', { expires_on: NOW_MS / 1000 + 1000 }, 1000],
    ['a moment as a text', { expires_on: `${NOW_MS / 1000 + 1000}` }, 1000],
    ['both, by the first of them', { expires_in: 5000, expires_on: NOW_MS / 1000 + 1000 }, 1000],
    ['nothing, after five minutes', {}, 300],
  ] as const) {
    it(`has a token that ends as it says: ${what}`, async () => {
      const clock = new FakeClock()
      const stage = new CloudStage(
        { azure: { resource: 'api://orders' } },
        () => ({ body: { access_token: 'a', ...ends } }),
        { clock },
      )
      await stage.ask()
      // A fifth of its life before the end it is fetched anew.
      await clock.advance(lifeSeconds * 800 - 1)
      await stage.ask()
      assert.equal(stage.http.calls.length, 1)
      await clock.advance(1)
      await stage.ask()
      assert.equal(stage.http.calls.length, 2)
    })
  }

  it('is none for a while where the metadata service has not begun', async () => {
    const clock = new FakeClock()
    let status = 404
    const stage = new CloudStage({ azure: { resource: 'a' } }, () => ({ ...answer(), status }), { clock })
    for (const next of [410, 429, 500, 200]) {
      assert.equal(await stage.askInVain(), `status-${status}`)
      status = next
      await clock.advance(5_000)
    }
    assert.equal(await stage.ask(), 'Bearer eyJ.azure')
  })
})

describe('an application of Entra', () => {
  it('shows its secret', async () => {
    const stage = new CloudStage({ azure: toApplication({ secret: 'hunter2&more' }) }, answer)
    assert.equal(await stage.ask(), 'Bearer eyJ.azure')
    const call = getCall(stage)
    assert.deepEqual([call.url, call.method], [`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`, 'POST'])
    assert.deepEqual(readForm(call), {
      grant_type: 'client_credentials',
      client_id: CLIENT,
      scope: 'api://orders/.default',
      client_secret: 'hunter2&more',
    })
  })

  for (const algorithm of ['PS256', 'RS256'] as const) {
    it(`signs who it is, and names its certificate: ${algorithm}`, async () => {
      const certificate = { cert, key, ...(algorithm === 'RS256' && { algorithm }) }
      const authority = 'https://login.microsoftonline.us/'
      const stage = new CloudStage({ azure: toApplication({ authority, certificate }) }, answer)
      await stage.ask()
      const call = getCall(stage)
      const { client_assertion = '', client_assertion_type, client_secret } = readForm(call)
      assert.deepEqual(
        [client_assertion_type, client_secret],
        ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer', undefined],
      )
      const x509 = new X509Certificate(cert)
      const { payload, protectedHeader } = await jwtVerify(client_assertion, x509.publicKey, {
        currentDate: new Date(NOW_MS),
      })
      assert.deepEqual(protectedHeader, {
        alg: algorithm,
        typ: 'JWT',
        'x5t#S256': Buffer.from(x509.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
      })
      const { jti, ...claims } = payload
      assert.match(String(jti), /^[0-9a-f-]{36}$/)
      const iat = NOW_MS / 1000
      assert.deepEqual(claims, { iss: CLIENT, sub: CLIENT, aud: call.url, iat, nbf: iat, exp: iat + 300 })
      assert.ok(call.url.startsWith('https://login.microsoftonline.us/1'))
    })
  }

  it('shows the token that stands in a file, and what replaced it the next time', async () => {
    const clock = new FakeClock()
    const files = new MemoryFiles({ token: Buffer.from('first.token.of-aks') })
    const stage = new CloudStage({ azure: toApplication({ tokenFile: 'token' }) }, answer, { clock, files })
    await stage.ask()
    files.replace('token', Buffer.from('second.token.of-aks\n'))
    await clock.advance(3_600_000)
    await stage.ask()
    assert.deepEqual(
      stage.http.calls.map((call) => readForm(call).client_assertion),
      ['first.token.of-aks', 'second.token.of-aks'],
    )
  })

  it('has a token for each secret: what one got is not sent by who shows another', async () => {
    let served = 0
    const stages = ['a', 'b', 'a'].map(
      (secret) => (setup: object) =>
        new CloudStage({ azure: toApplication({ secret }) }, () => ({ body: { access_token: `${served++}` } }), setup),
    )
    const { shared } = new CloudStage({ azure: toApplication({ secret: 'x' }) }, answer).run
    const sent = []
    for (const start of stages) sent.push(await start({ shared }).ask())
    assert.deepEqual(sent, ['Bearer 0', 'Bearer 1', 'Bearer 0'])
  })
})

describe('options of azure', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const pem = other.export({ type: 'pkcs8', format: 'pem' }).toString()
  for (const [says, options, faults] of [
    [
      'two identities',
      { resource: 'a', identity: { machine: { clientId: 'b', objectId: 'c' } } },
      ['identity.machine.objectId: one of them says which identity: keep `clientId` or `objectId`'],
    ],
    [
      'an endpoint without its header',
      { resource: 'a', identity: { platform: { endpoint: 'http://127.0.0.1/' } } },
      ['identity.platform.header: Invalid input: expected string, received undefined'],
    ],
    [
      'two who it is',
      { resource: 'a', identity: { machine: {}, platform: { endpoint: 'http://127.0.0.1/', header: 'a' } } },
      ['identity: only one counts, and here are 2: keep one of machine, platform'],
    ],
    ['nobody', { resource: 'a', identity: {} }, ['identity: say one of machine, platform, application']],
    [
      'a secret in the clear',
      toApplication({ secret: 's', authority: 'http://login.example' }),
      [
        'identity.application.authority: secrets go there, and without TLS whoever is on the way reads them: use https, or an address of this machine',
      ],
    ],
    [
      'no proof',
      toApplication({}),
      ['identity.application.secret: say how the application proves who it is: `secret`, `certificate` or `tokenFile`'],
    ],
    [
      'two proofs',
      toApplication({ secret: 'a', tokenFile: 'b' }),
      ['identity.application.tokenFile: one proof is enough: keep `secret` or `tokenFile`'],
    ],
    [
      'a tenant that is a path',
      toApplication({ tenant: 'a/../b', secret: 'c' }),
      ['identity.application.tenant: write the id of the tenant, or one of its domains'],
    ],
    [
      'a key of another certificate',
      toApplication({ certificate: { cert, key: pem } }),
      ['identity.application.certificate.key: this is not the key of the certificate'],
    ],
    [
      'no certificate',
      toApplication({ certificate: { cert: 'a', key } }),
      ['identity.application.certificate.cert: this is no certificate in PEM'],
    ],
    [
      'no key',
      toApplication({ certificate: { cert, key: 'hunter2' } }),
      ['identity.application.certificate.key: this is neither a key in PEM nor a JWK'],
    ],
    ['two scopes', { resource: 'a/.default b/.default' }, ['resource: it has no spaces']],
  ] as const) {
    it(`refuse ${says}`, () => {
      assert.deepEqual(
        faultsOf({ azure: options }),
        faults.map((fault) => `azure.${fault}`),
      )
    })
  }
})
