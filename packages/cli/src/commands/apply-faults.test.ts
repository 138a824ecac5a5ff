import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()
const ORDERS = `# Orders of the shop.
basepath: /orders
upstream: http://127.0.0.1:9001
policies:
  - policy: rate-limit
    options:
      limit: many
      windowSecond: 60
  - policy: ratelimit
routes:
  - path: /a
    methods: GET
    policies:
      - { policy: cors, options: { origin: [x] } }
`
const FILES = {
  'gate/environments/dev.yaml': 'pathPrefix: /dev\npolicies:\n  - policy: key-auth\n    options: { inn: header }\n',
  'gate/environments/prod.yaml': 'pathPrefix: /prod\n',
  'gate/plans/main/gold.yaml': 'policies:\n  - policy: rate-limits\n',
  'gate/policy-lists/main/all.yaml': 'policies:\n  - policy: cors\n    options: { origin: x }\n',
  'gate/apis/main/orders.yaml': ORDERS,
  'gate/apis/main/carts.yaml': 'upstream: nowhere\npolicies: []\n',
  'gate/live.yaml': 'prod:\n  main/orders: draft\n',
}
const cwd = createFolder(FILES)

/** Each once, with its place. */
const SAID = [
  /environments\/dev\.yaml:4:16: fault: key-auth: The key "inn" .*\n +Did you mean "in"\?/,
  /plans\/main\/gold\.yaml:2:13: fault: There is no policy "rate-limits"\..*\n +Did you mean "rate-limit"\?/,
  /policy-lists\/main\/all\.yaml:3:16: fault: cors: .*\n +Did you mean "origins"\?/,
  /apis\/main\/orders\.yaml:2:1: fault: The key "basepath" .*\n +Did you mean "basePath"\?/,
  /apis\/main\/orders\.yaml:7:14: fault: rate-limit: "many" is not .*\(policies\[0\]\.options\.limit\)/,
  /apis\/main\/orders\.yaml:8:7: fault: rate-limit: The key "windowSecond" .*\n +Did you mean "windowSeconds"\?/,
  /apis\/main\/orders\.yaml:9:13: fault: There is no policy "ratelimit"\./,
  /apis\/main\/orders\.yaml:12:14: fault: .*\n +Write `\[GET\]`\./,
  /apis\/main\/orders\.yaml:14:36: fault: cors: The key "origin" /,
]

describe('what is wrong in the files of a folder', () => {
  for (const line of ['apply gate --dry-run', 'diff gate', 'apply gate']) {
    it(`is told by ${line}: all of it, with file, line and column, and how to mend it`, async () => {
      const { code, stderr } = await stage.run(line, { cwd })
      assert.equal(code, 1, stderr)
      for (const said of SAID) assert.equal(stderr.match(new RegExp(said, 'g'))?.length, 1, `${said}\n${stderr}`)
    })
  }

  it('is not kept by apply, and told again', async () => {
    assert.deepEqual((await stage.client.ask('listApis', {})).body.items, [])
    const again = await stage.run('apply gate', { cwd })
    assert.match(again.stderr, /apis\/main\/carts\.yaml:1:11: fault: There is no upstream "nowhere"\. \(upstream\)/)
    assert.match(again.stderr, /publish live\.yaml: prod: main\/orders failed:\n {2}It needs apis\/main\/orders\.yaml/)
  })

  it('is told of a draft that was wrong before, where it is to be live', async () => {
    const params = { team: 'main', id: 'late' }
    const text = 'basePath: /late\nupstream: http://127.0.0.1:9001\npolicies:\n  - policy: nobody\n'
    await stage.client.write('putApi', text, { params })
    const folder = createFolder({ 'f/apis/main/late.yaml': text, 'f/live.yaml': 'prod:\n  main/late: draft\n' })
    for (const line of ['apply f --dry-run', 'apply f']) {
      const { code, stderr } = await stage.run(line, { cwd: folder })
      assert.equal(code, 1, stderr)
      assert.match(
        stderr,
        /prod: main\/late .*:\n.*apis\/main\/late\.yaml:4:13: fault: There is no policy "nobody"\./,
        line,
      )
    }
  })
})
