/** Proves what a file may say that was not written on this machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { hasFaults } from '@gatewright/model'
import { loadConfiguration, type MadeFile } from './load.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-foreign-'))
after(() => rmSync(folder, { recursive: true }))
const config = join(folder, 'gatewright.yaml')
writeFileSync(
  config,
  'gatewright: 1\nvariables: { own: "${env:OWN}" }\nupstreams: [{ id: own, targets: [{ url: "http://127.0.0.1:9001" }] }]\n',
)
writeFileSync(join(folder, 'secret.pem'), 'a secret of this machine')

const DOCUMENT = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: { /a: { get: { responses: {} } } }\n'
const api = (members: object) => ({ gatewright: 1, apis: [{ id: 'prod.a', upstream: 'own', ...members }] })

async function load(file: object, more: Partial<MadeFile> = {}) {
  const made: MadeFile = { path: join(folder, 'published'), text: JSON.stringify(file), isForeign: true, ...more }
  return await loadConfiguration({ config, overlays: [made], env: { OWN: 'one', HOME: '/root' } })
}

describe('a file that comes from elsewhere', () => {
  it('adds APIs to those of this machine, with documents that came along', async () => {
    const { model, findings, watched } = await load(api({ openapi: 'abc.openapi' }), {
      documents: new Map([['abc.openapi', DOCUMENT]]),
    })
    assert.equal(hasFaults(findings), false, JSON.stringify(findings))
    assert.deepEqual(
      model?.apis.map(({ id, releases }) => [id, releases[0]?.routes.map(({ path }) => path)]),
      [['prod.a', ['/a']]],
    )
    assert.equal(model?.variables.own, 'one', 'what is written here may say so')
    assert.deepEqual(watched, [config])
  })

  for (const [name, file, code] of [
    ['a variable of the environment', api({ title: '${env:HOME}' }), 'substitution-refused'],
    [
      'a file in a text',
      api({ policies: [{ policy: 'respond', options: { body: '${file:secret.pem}' } }] }),
      'substitution-refused',
    ],
    [
      'a file in an option',
      api({ policies: [{ policy: 'geo', options: { database: 'secret.pem', allow: { countries: ['DE'] } } }] }),
      'foreign-file',
    ],
    [
      'a file of a policy within another',
      api({
        policies: [
          { policy: 'any-of', options: { policies: [{ policy: 'geo', options: { database: 'secret.pem' } }] } },
        ],
      }),
      'foreign-file',
    ],
    ['a document on the disk', api({ openapi: join(folder, 'secret.pem') }), 'foreign-file'],
    ['a document beside', api({ openapi: '../secret.pem' }), 'foreign-file'],
    [
      'a certificate on the disk',
      {
        gatewright: 1,
        upstreams: [
          {
            id: 'u',
            targets: ['https://127.0.0.1'],
            tls: { clientCertificate: { cert: 'secret.pem', key: 'secret.pem' } },
          },
        ],
      },
      'foreign-file',
    ],
    ['programs', { gatewright: 1, extensions: ['./evil.ts'] }, 'foreign-key'],
    ['listeners', { gatewright: 1, listeners: [{ id: 'x', port: 1 }] }, 'foreign-key'],
    ['whom may be called', { gatewright: 1, egress: { allow: ['169.254.169.254'] } }, 'foreign-key'],
    ['where records go', { gatewright: 1, accessLog: { file: '/etc/cron.d/x' } }, 'foreign-key'],
  ] as const) {
    it(`does not say ${name}, and shows nothing of it`, async () => {
      const { model, findings } = await load(file)
      assert.equal(model, undefined)
      assert.ok(
        findings.some((finding) => finding.code === code),
        JSON.stringify(findings),
      )
      assert.ok(!JSON.stringify(findings).includes('a secret of this machine'))
      assert.ok(!JSON.stringify(findings).includes('/root'))
    })
  }
})
