/** Proves what a file may say that was not written on this machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigurationMemory, diff, hasFaults, toDiffText } from '@gatewright/model'
import type { MadeFile } from './given-files.ts'
import { loadConfiguration } from './load.ts'

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

  it('brings certificates as texts, and names none of this machine', async () => {
    const codes = async (certificate: object) => {
      const secrets = new Map([['prod/K', 'no key']])
      const { findings } = await load({ gatewright: 1, certificates: [{ id: 'prod.a', ...certificate }] }, { secrets })
      assert.doesNotMatch(JSON.stringify(findings), /no key|a secret of/)
      return findings.filter(({ severity }) => severity === 'fault').map(({ code }) => code)
    }
    assert.deepEqual(await codes({ pem: { cert: 'no certificate', key: '${secret:prod/K}' } }), [
      'certificate-unusable',
    ])
    const path = join(folder, 'secret.pem')
    for (const named of [
      { cert: path, key: path },
      { folder },
      { acme: { hosts: ['a.example'], ca: path } },
      { acme: { hosts: ['a.example'], challenge: { dns: { hook: { command: ['/bin/true'] } } } } },
    ]) {
      assert.ok((await codes(named)).includes('foreign-file'), JSON.stringify(named))
    }
  })

  describe('with secrets that came along', () => {
    const respond = (body: string) => api({ policies: [{ policy: 'respond', options: { body } }] })
    const bodyOf = ({ model }: Awaited<ReturnType<typeof load>>) =>
      (model?.apis[0]?.policies[0]?.options as { body?: string } | undefined)?.body

    it('has them where it names them, letter by letter', async () => {
      const file = respond('a ${secret:prod/TOKEN} z')
      assert.equal(bodyOf(await load(file, { secrets: new Map([['prod/TOKEN', 's${1}']]) })), 'a s$${1} z')
      const missing = await load(file, { secrets: new Map([['prod/OTHER', 'x']]) })
      assert.deepEqual(
        missing.findings.filter(({ severity }) => severity === 'fault').map(({ code }) => code),
        ['substitution-missing'],
      )
      assert.ok(!hasFaults((await load(respond('$${secret:prod/TOKEN}'))).findings), 'what is meant as text')
    })

    it('has another one as soon as it is another, however often it was read', async () => {
      const memory = new ConfigurationMemory()
      const made = { path: join(folder, 'published'), text: JSON.stringify(respond('${secret:a}')), isForeign: true }
      for (const value of ['one', 'two', 'two', 'three']) {
        const overlay = { ...made, secrets: new Map([['a', value]]) }
        const loaded = await loadConfiguration({ config, overlays: [overlay], env: { OWN: 'one' }, memory })
        assert.equal(bodyOf(loaded), value)
      }
    })

    it('is told of without them', async () => {
      const file = api({ policies: [{ policy: 'rate-limit', options: { limit: '${secret:a}', windowSeconds: 60 } }] })
      const memory = new ConfigurationMemory()
      const overlay = { path: join(folder, 'published'), text: JSON.stringify(file), isForeign: true }
      for (const value of ['a-value-of-some-length', 'another-value-of-it']) {
        const overlays = [{ ...overlay, secrets: new Map([['a', value]]) }]
        const { findings } = await loadConfiguration({ config, overlays, env: { OWN: 'one' }, memory })
        assert.ok(hasFaults(findings))
        assert.ok(!JSON.stringify(findings).includes(value), JSON.stringify(findings))
      }
    })

    it('is the only one that has them', async () => {
      const own = join(folder, 'own.yaml')
      writeFileSync(own, 'gatewright: 1\nvariables: { own: "${secret:a}" }\n')
      const overlays = [{ path: 'p', text: JSON.stringify(api({})), isForeign: true, secrets: new Map([['a', 'x']]) }]
      const { findings } = await loadConfiguration({ config: own, overlays })
      assert.ok(findings.some(({ code }) => code === 'substitution-refused'))
    })

    it('shows none of them where it is compared with another', async () => {
      const one = await load(respond('${secret:a}'), { secrets: new Map([['a', 'the-first-value']]) })
      const two = await load(respond('${secret:a}'), { secrets: new Map([['a', 'the-second-value']]) })
      const side = ({ model, resolution }: typeof one) => {
        assert.ok(model)
        return { model, sources: resolution.sources }
      }
      const text = toDiffText(diff(side(one), side(two)))
      assert.notEqual(text, '')
      assert.ok(!text.includes('value'), text)
    })
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
