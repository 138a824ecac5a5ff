/** Owns the proof that ldap-auth lets in whom a real directory knows, and nobody else: OpenLDAP, with everything that a name may try. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from 'ldapts'
import { TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { until } from './harness/deadline.ts'
import { ACCOUNT, RunningDirectory, SUFFIX, toDn } from './harness/directory.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, getPath, toSkip } from './harness/peers.ts'

const found = await findPeer('slapd')
const ADMINS = `cn=admins,ou=groups,${SUFFIX}`

const PEOPLE = [
  { uid: 'ann', password: 'open sesame', mail: 'ann@example.com', groups: [ADMINS, `cn=staff,ou=groups,${SUFFIX}`] },
  { uid: 'ben', password: 'pässwörd:*)(' },
  { uid: 'jörg', password: 'open sesame' },
  { uid: 'odd, (name) *\\+', password: 'open sesame' },
  { uid: 'nopass' },
]

/** An API a way to ask, told apart by its base path. */
const toApi = (id: string, options: string): string => `
  - id: ${id}
    basePath: /${id}
    policies:
      - { policy: ldap-auth, options: { attempts: { perAddress: 0, perName: 0 }, ${options} } }
      - policy: respond
        options:
          body: { cel: "caller.id + '|' + caller.groups.join(',') + '|' + (has(caller.claims.mail) ? caller.claims.mail : '-') + '|' + caller.claims.dn" }
    routes: [{ path: "/" }]`

describe('ldap-auth', { skip: toSkip(found) }, () => {
  let directory: RunningDirectory
  let gateway: RunningGateway
  let authority: TestAuthority
  let stranger: TestAuthority

  before(async () => {
    authority = TestAuthority.create()
    stranger = TestAuthority.create('Somebody else')
    const { cert, key } = authority.issue({ names: ['localhost'] })
    directory = await RunningDirectory.start(getPath(found), {
      people: PEOPLE,
      groups: { admins: [toDn('ann')], staff: [toDn('ann'), toDn('ben')] },
      tls: { ca: authority.cert, cert, key },
    })
    gateway = await startGateway({ yaml: toYaml(), threads: 1, env: { ACCOUNT: ACCOUNT.password } })
  })
  after(async () => {
    await gateway?.stop()
    await directory?.stop()
    authority?.remove()
    stranger?.remove()
  })

  function toYaml(): string {
    const ca = `ca: "\${file:${authority.cert}}"`
    const plain = `url: "ldap://localhost:${directory.port}", ${ca}`
    const secure = `url: "ldaps://localhost:${directory.securePort}", ${ca}`
    const search = `search: { base: "ou=people,${SUFFIX}", account: { dn: "${ACCOUNT.dn}", password: "\${env:ACCOUNT}" } }`
    const template = `bindDn: "uid={name},ou=people,${SUFFIX}"`
    const more = 'attributes: [mail]'
    return `gatewright: 1
apis:${[
      toApi('search', `${secure}, ${search}, groups: {}, ${more}`),
      toApi('asked', `${secure}, ${search}, groups: {}, ${more}, rememberSeconds: 0`),
      toApi('groups', `${secure}, ${search}, groups: { base: "ou=groups,${SUFFIX}" }`),
      toApi('whole', `${secure}, ${search}, groups: { names: whole }`),
      toApi('starttls', `${plain}, ${template}, groups: {}, ${more}`),
      toApi('template', `${secure}, ${template}, groups: {}, ${more}`),
      toApi('nobody', `${secure}, search: { base: "ou=people,${SUFFIX}" }, groups: {}`),
      toApi(
        'everybody',
        `${secure}, ${search.replace('account', 'filter: "(|(uid={name})(objectClass=person))", account')}, groups: {}`,
      ),
      toApi('account', `${secure}, ${search.replace('${env:ACCOUNT}', 'wrong')}, groups: {}`),
      toApi(
        'untrusted',
        `url: "ldaps://localhost:${directory.securePort}", ca: "\${file:${stranger.cert}}", ${template}`,
      ),
      toApi('misnamed', `url: "ldaps://127.0.0.1:${directory.securePort}", ${ca}, ${template}`),
      toApi(
        'unencrypted',
        `url: "ldap://localhost:${directory.port}", ${template}, startTls: false, groups: {}, ${more}`,
      ),
      toApi('metadata', `url: "ldap://169.254.169.254", ${template}`),
    ].join('')}
`
  }

  async function ask(api: string, name: string, password: string): Promise<{ status: number; text: string }> {
    const Authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/${api}/`, { headers: { Authorization } })
    const text = await answer.text()
    return { status: answer.status, text: answer.ok ? text : (JSON.parse(text).type ?? '') }
  }

  const ANN = `ann|admins,staff|ann@example.com|${toDn('ann')}`

  for (const api of ['search', 'starttls', 'template', 'unencrypted']) {
    it(`lets in by ${api}, with groups and attributes, and refuses a wrong password`, async () => {
      assert.deepEqual(await ask(api, 'ann', 'open sesame'), { status: 200, text: ANN })
      assert.equal((await ask(api, 'ann', 'wrong')).status, 401)
      assert.equal((await ask(api, 'ben', 'open sesame')).status, 401)
      assert.equal((await ask(api, 'ben', 'pässwörd:*)(')).status, 200)
      assert.equal((await ask(api, 'jörg', 'open sesame')).text.split('|')[0], 'jörg')
      assert.equal((await ask(api, 'nobody', 'open sesame')).status, 401)
    })

    it(`never asks by ${api} with an empty password, to which a directory says yes (RFC 4513 §5.1.2)`, async () => {
      for (const name of ['ann', 'nopass', 'nobody', '*']) assert.equal((await ask(api, name, '')).status, 401, name)
    })

    for (const name of [
      '*',
      'a*',
      'ann)(uid=*',
      '*)(uid=*',
      '*)(|(uid=*',
      'ann)(objectClass=*',
      'nobody)(|(uid=ann)',
      '\\2a',
      'ann\\',
      `ann,ou=people,${SUFFIX}`,
      'ann,ou=groups',
      'nobody+uid=ann',
      'uid=ann',
      '"ann"',
      '#616e6e',
      '#0403616e6e',
      'ann;',
      '<ann>',
      'EXTERNAL',
      'PLAIN',
    ]) {
      it(`takes ${name} for a name and nothing else, by ${api} (RFC 4514 §2.4, RFC 4515 §3)`, async () => {
        assert.equal((await ask(api, name, 'open sesame')).status, 401)
      })
    }

    it(`finds a name that has all of the signs, by ${api}`, async () => {
      const { status, text } = await ask(api, 'odd, (name) *\\+', 'open sesame')
      assert.deepEqual([status, text.split('|')[0]], [200, 'odd, (name) *\\+'])
    })

    it(`takes the spellings of a name for one caller, by ${api}`, async () => {
      for (const name of ['ANN', 'Ann', ' ann', 'ann ']) {
        assert.equal((await ask(api, name, 'open sesame')).text, ANN, name)
      }
    })
  }

  it('asks a directory that says yes to names without a password: what is never asked matters', async () => {
    const client = new Client({ url: `ldap://127.0.0.1:${directory.port}` })
    await client.bind(toDn('ann'), '')
    await client.unbind()
  })

  it('finds groups where they are looked for, and says DNs where that is asked for', async () => {
    assert.equal((await ask('groups', 'ann', 'open sesame')).text.split('|')[1], 'admins,staff')
    assert.equal((await ask('groups', 'ben', 'pässwörd:*)(')).text.split('|')[1], 'staff')
    assert.equal((await ask('groups', 'jörg', 'open sesame')).text.split('|')[1], '')
    assert.ok((await ask('whole', 'ann', 'open sesame')).text.includes(ADMINS))
  })

  it('lets nobody in where nobody may look', async () => {
    assert.equal((await ask('nobody', 'ann', 'open sesame')).status, 401)
  })

  for (const [api, reason] of [
    ['everybody', 'two-entries'],
    ['account', 'account-refused'],
    ['untrusted', 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['misnamed', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['metadata', 'egress-denied'],
  ] as const) {
    it(`lets nobody in where that cannot be told: ${api} is ${reason}`, async () => {
      assert.deepEqual(await ask(api, 'ann', 'open sesame'), {
        status: 503,
        text: 'urn:gatewright:problem:verifier-unavailable',
      })
      await until(() => gateway.stderr.includes(`reason=${reason} `) || undefined, `the log to say ${reason}`)
    })
  }

  it('goes on with what it remembers while the directory is away, refuses the rest, and comes back with it', async () => {
    assert.equal((await ask('search', 'ann', 'open sesame')).status, 200)
    assert.equal((await ask('asked', 'ann', 'open sesame')).status, 200)
    await directory.pause()
    assert.equal((await ask('search', 'ann', 'open sesame')).status, 200)
    assert.equal((await ask('asked', 'ann', 'open sesame')).status, 503)
    assert.equal((await ask('search', 'ann', 'wrong')).status, 503)
    await directory.resume()
    assert.equal((await ask('asked', 'ann', 'open sesame')).status, 200)
    assert.equal((await ask('search', 'ann', 'wrong')).status, 401)
  })

  it('answers many at once', async () => {
    const answers = Array.from({ length: 60 }, (_, at) =>
      ask('asked', 'ann', at % 3 === 0 ? `wrong ${at}` : 'open sesame'),
    )
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 40)
    assert.equal(statuses.filter((status) => status === 401).length, 20)
  })

  it('writes no password anywhere, and warns of nothing of its own', () => {
    assert.doesNotMatch(gateway.stderr, /Warning/)
    for (const text of [gateway.stdout, gateway.stderr]) assert.doesNotMatch(text, /sesame|pässw|looks for names/)
  })
})
