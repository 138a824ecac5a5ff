import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { findPairFault, readCertificate } from './read-certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-certificates-'))
after(() => rmSync(folder, { recursive: true }))

const DAY_MS = 86_400_000

/** Of itself, made by the real openssl. */
function issue(name: string, more: readonly string[] = [], days = 90): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  const made = [...kind, '-days', String(days), '-subj', `/CN=${name}`]
  const names = more.length > 0 ? more : ['-addext', `subjectAltName=DNS:${name}.Example,IP:127.0.0.1`]
  execFileSync('openssl', ['req', '-x509', ...made, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}
const one = issue('one')
const two = issue('two')

describe('what a certificate says of itself', () => {
  it('is whom it is for and until when, whatever stands behind it', () => {
    const read = readCertificate(one.cert + two.cert)
    assert.ok(typeof read === 'object')
    assert.deepEqual(read.hosts, ['one.example', '127.0.0.1'])
    assert.equal(Math.round((read.notAfterMs - read.notBeforeMs) / DAY_MS), 90)
  })

  it('is nothing where it is none, is cut off, or is for nobody', () => {
    for (const [text, words] of [
      ['', /no chain in PEM/],
      ['x', /no chain in PEM/],
      [one.cert.slice(0, -100), /no chain in PEM/],
      [one.cert + two.cert.slice(0, -100), /no chain in PEM/],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /cannot be read/],
      [issue('nobody', ['-addext', 'keyUsage=digitalSignature']).cert, /for no host name/],
    ] as const) {
      assert.match(String(readCertificate(text)), words)
    }
  })

  it('is larger than clients take where it is for thousands of names, or has a chain of hundreds', () => {
    const many = Array.from({ length: 4_000 }, (_, at) => `DNS:shop-${at}.customers.example`)
    const config = join(folder, 'many.cnf')
    writeFileSync(
      config,
      `[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=v\n[dn]\nCN=many\n[v]\nsubjectAltName=${many.join()}\n`,
    )
    for (const chain of [issue('many', ['-config', config]).cert, one.cert.repeat(300)])
      assert.match(String(readCertificate(chain)), /larger than clients take/)
  })

  it('is told where it does not stand first in its chain, and which of several keys counts', () => {
    const authority = issue('authority', ['-addext', 'keyUsage=keyCertSign'])
    assert.match(String(readCertificate(authority.cert + one.cert)), /not the first of its chain/)
    assert.match(findPairFault(two.cert + one.cert, one.key) ?? '', /not the first of its chain/)
    assert.match(findPairFault(one.cert, two.key + one.key) ?? '', /several private keys/)
  })

  it('fits one key', () => {
    assert.equal(findPairFault(one.cert, one.key), undefined)
    assert.match(findPairFault(one.cert, two.key) ?? '', /of another certificate/)
    assert.match(findPairFault(one.cert, 'x') ?? '', /no private key in PEM/)
    const path = join(folder, 'encrypted.key')
    execFileSync('openssl', ['pkey', '-in', join(folder, 'one.key'), '-aes256', '-passout', 'pass:x', '-out', path])
    assert.match(findPairFault(one.cert, readFileSync(path, 'utf8')) ?? '', /without a passphrase/)
  })
})

await describeOnStores('certificates, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    stage.nowMs = Date.now()
    for (const id of ['dev', 'prod']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    const kept = await stage.ask('PUT /environments/prod/secrets/ONE', { body: { value: one.key } })
    assert.equal(kept.statusCode, 201)
    return stage
  }
  const body = { environment: 'prod', cert: one.cert, key: '${secret:ONE}' }
  const put = (stage: AdminStage, given: object, as = 'owner') =>
    stage.ask('PUT /certificates/shop', { as, body: { ...body, ...given } })
  const publish = (stage: AdminStage) => {
    const { store, secretKey } = stage.services
    return store.read((db) => new PublicationReader({ secretKey }).read(db))
  }

  it('go to the gateways of their environment, with their keys as secrets, and are told with names and end', async () => {
    const stage = await begin()
    const made = await put(stage, {})
    assert.equal(made.statusCode, 201, made.body)
    const [listed] = (await stage.ask('GET /certificates')).json().items
    for (const told of [made.json(), listed, (await stage.ask('GET /certificates/shop')).json()]) {
      assert.deepEqual([told.hosts, told.warning], [['one.example', '127.0.0.1'], undefined])
      assert.equal(Math.round((Date.parse(told.notAfter) - stage.nowMs) / DAY_MS), 90)
    }
    const { pieces, secrets } = await publish(stage)
    const piece = pieces.find(({ name }) => name === 'prod.~certificates.json')
    const pem = { cert: one.cert, key: '${secret:prod/ONE}' }
    assert.deepEqual(JSON.parse(piece?.text ?? '{}').certificates, [{ id: 'prod.shop', pem }])
    assert.deepEqual([...secrets], [['prod/ONE', one.key]])
    stage.nowMs += 65 * DAY_MS
    assert.match((await stage.ask('GET /certificates/shop')).json().warning, /^It ends in 24 days: put a renewed one/)
    const audit = JSON.stringify(await stage.services.store.read((db) => listAudit(db, { limit: 100 })))
    assert.ok(audit.includes('BEGIN CERTIFICATE') && !audit.includes('PRIVATE KEY'))
    assert.deepEqual(stage.mistakes, [])
  })

  it('are renewed with a key of another name: one that does not fit is refused on both sides', async () => {
    const stage = await begin()
    await put(stage, {})
    for (const refused of [
      await put(stage, { cert: two.cert }),
      await stage.ask('PUT /environments/prod/secrets/ONE', { body: { value: two.key } }),
    ]) {
      assert.deepEqual([refused.statusCode, refused.json().type], [422, 'urn:gatewright:problem:cannot-be-live'])
      assert.match(refused.json().detail, /"prod\.shop": its key is that of another certificate\. To renew one,/)
      assert.ok(!refused.body.includes('PRIVATE'))
    }
    await stage.ask('PUT /environments/prod/secrets/TWO', { body: { value: two.key } })
    assert.equal((await put(stage, { cert: two.cert, key: '${secret:TWO}' })).statusCode, 200)
    assert.equal((await stage.ask('DELETE /environments/prod/secrets/ONE')).statusCode, 204)
    assert.equal((await stage.ask('DELETE /environments/prod/secrets/TWO')).statusCode, 409)
  })

  it('are refused with words where they cannot be shown, and their keys are repeated to nobody', async () => {
    const stage = await begin()
    for (const [given, status, words] of [
      [{ key: one.key }, 400, /kept as a secret of the environment: PUT \/api\/v1\/environments/],
      [{ cert: one.cert + one.key }, 400, /kept as a secret of the environment/],
      [{ cert: 'x' }, 400, /cert: It is no chain in PEM/],
      [{ environment: 'test' }, 400, /There is no environment \\"test\\"/],
      [{ key: '${secret:NONE}' }, 422, /no secret \\"prod\/NONE\\"/],
      [{ acme: { hosts: ['a.example'] } }, 400, /`cert` with `key`, or `acme`, and not both/],
      [{ acme: { hosts: ['a.example'], ca: '/etc/passwd' } }, 400, /ca/],
    ] as const) {
      const refused = await put(stage, given)
      assert.equal(refused.statusCode, status, refused.body)
      assert.match(refused.body, words)
      assert.ok(!refused.body.includes('BEGIN PRIVATE'), refused.body)
    }
    stage.nowMs += 91 * DAY_MS
    assert.match((await put(stage, {})).json().detail, /cert: It ended on .* put a renewed one/)
    assert.equal((await put(stage, {}, 'editor')).statusCode, 404)
  })

  it('are listed by their end in pages, and those alone that end before a time', async () => {
    const stage = await begin()
    const ends = { a: 40, b: 5, c: 80, d: 20 }
    for (const [id, days] of Object.entries(ends)) {
      const { cert, key } = issue(`end-${id}`, [], days)
      await stage.ask(`PUT /environments/prod/secrets/${id}`, { body: { value: key } })
      const kept = { environment: 'prod', cert, key: `\${secret:${id}}` }
      assert.equal((await stage.ask(`PUT /certificates/${id}`, { body: kept })).statusCode, 201)
    }
    await stage.ask('PUT /certificates/auto', { body: { environment: 'prod', acme: { hosts: ['auto.example'] } } })
    const list = async (query: string) => {
      const answer = await stage.ask(`GET /certificates?${query}`)
      assert.equal(answer.statusCode, 200, answer.body)
      const { items, total, next } = answer.json()
      return { ids: items.map(({ id }: { id: string }) => id).join(' '), total, next }
    }
    for (const [sort, whole] of [
      ['notAfter', 'b d a c auto'],
      ['-notAfter', 'auto c a d b'],
    ] as const) {
      const first = await list(`sort=${sort}&limit=3`)
      const rest = await list(`sort=${sort}&limit=3&after=${first.next}`)
      assert.deepEqual([`${first.ids} ${rest.ids}`, rest.next], [whole, undefined])
      assert.equal((await stage.ask(`GET /certificates?sort=id&after=${first.next}`)).statusCode, 400)
    }
    const before = new Date(stage.nowMs + 30 * DAY_MS).toISOString()
    const soon = await list(`expiresBefore=${before}&sort=notAfter`)
    assert.deepEqual([soon.ids, soon.total], ['b d', 2])
    const renewed = issue('end-d', [], 60)
    await stage.ask('PUT /environments/prod/secrets/new', { body: { value: renewed.key } })
    await stage.ask('PUT /certificates/d', {
      body: { environment: 'prod', cert: renewed.cert, key: '${secret:new}' },
    })
    assert.equal((await list(`expiresBefore=${before}`)).ids, 'b')
    await stage.ask('PUT /certificates/b', { body: { environment: 'prod', acme: { hosts: ['b.example'] } } })
    assert.equal((await list(`expiresBefore=${before}`)).ids, '')
    for (const query of ['sort=notAfter', `expiresBefore=${before}`])
      assert.equal((await stage.ask(`GET /apis?${query}`)).statusCode, 400, 'what does not end')
    assert.equal((await stage.ask('GET /certificates?expiresBefore=soon')).statusCode, 400)
    assert.deepEqual(stage.mistakes, [])
  })

  it('may be ordered by the gateways, and hold their environment', async () => {
    const stage = await begin()
    const order = { environment: 'prod', acme: { hosts: ['Shop.example'], challenge: 'tls-alpn-01' } }
    const made = await stage.ask('PUT /certificates/auto', { body: order })
    assert.deepEqual([made.statusCode, made.json().hosts, made.json().notAfter], [201, ['Shop.example'], undefined])
    const wildcard = { environment: 'prod', acme: { hosts: ['*.shop.example'] } }
    assert.match((await stage.ask('PUT /certificates/wild', { body: wildcard })).json().detail, /cannot be proven/)
    const refused = await stage.ask('DELETE /environments/prod')
    assert.deepEqual([refused.statusCode, refused.json().type], [409, 'urn:gatewright:problem:in-use'])
    assert.match(refused.json().detail, /Certificates are for it: "auto"/)
    assert.equal((await stage.ask('DELETE /certificates/auto')).statusCode, 204)
    assert.equal((await stage.ask('DELETE /environments/prod')).statusCode, 204)
  })
})
