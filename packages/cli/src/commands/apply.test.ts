import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder, readAll } from '../run-command.fixture.ts'

const stage = await openControlStage()
const empty = await openControlStage()

const ORDERS = `# Orders of the shop.
title: Orders # as customers know them
basePath: /orders
upstream: http://127.0.0.1:9001
`
const FILES = {
  'gate/teams/shop.yaml': 'title: Shop\n',
  'gate/environments/dev.yaml': '# Where we try.\npathPrefix: /dev\n',
  'gate/environments/prod.yaml': 'pathPrefix: /prod\n',
  'gate/certificates/shop.yaml': 'environment: prod\nacme:\n  hosts:\n    - shop.example\n',
  'gate/policy-lists/main/a-outer.yaml': 'policies:\n  - use: b-inner # first the others\n',
  'gate/policy-lists/main/b-inner.yaml': 'policies: []\n',
  'gate/apis/main/orders.yaml': ORDERS,
  'gate/apis/shop/carts.yaml': 'basePath: /carts\nupstream: http://127.0.0.1:9002\n',
  'gate/live.yaml': 'dev:\n  main/orders: draft\n  shop/carts: draft\nprod:\n  main/orders: draft\n',
}
const cwd = createFolder(FILES)

describe('a folder and a control plane', () => {
  it('say what would be done, and do not do it', async () => {
    const { code, stdout, stderr } = await stage.run('apply gate --dry-run', { cwd })
    assert.equal(code, 2, stderr)
    assert.match(stdout, /^make teams\/shop\.yaml$/m)
    assert.match(stdout, /^publish live\.yaml: dev: main\/orders\n {2}\(nothing\) → draft$/m)
    assert.deepEqual((await stage.client.ask('listApis', {})).body.items, [])
  })

  it('become the same by apply, and a second time nothing happens', async () => {
    const first = await stage.run('apply gate -m first', { cwd })
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(Object.keys((stage.published() as { apis: object[] }).apis).length, 3)
    const { hosts } = (await stage.client.ask('getCertificate', { params: { id: 'shop' } })).body
    assert.deepEqual(hosts, ['shop.example'])
    const second = await stage.run('apply gate', { cwd })
    assert.deepEqual([second.code, second.stdout], [0, 'Nothing to do.'])
    const diff = await stage.run('diff gate', { cwd })
    assert.deepEqual([diff.code, diff.stdout], [0, 'No difference.'])
    const prod = { environment: 'prod', team: 'main', id: 'orders' }
    const { items } = (await stage.client.ask('listDeploymentVersions', { params: prod })).body
    assert.deepEqual(
      items.map(({ version, message }) => [version, message]),
      [[1, 'first']],
    )
  })

  it('tell in lines what a changed file would do', async () => {
    writeFileSync(join(cwd, 'gate/apis/main/orders.yaml'), ORDERS.replace('basePath: /orders', 'basePath: /o'))
    const { code, stdout } = await stage.run('diff gate', { cwd })
    assert.equal(code, 2)
    assert.match(stdout, /^change apis\/main\/orders\.yaml\n {2}basePath: "\/orders" → "\/o"$/m)
    assert.match(stdout, /^publish live\.yaml: prod: main\/orders\n {2}revision 1 → draft$/m)
    const json = JSON.parse((await stage.run('diff gate --json', { cwd })).stdout)
    assert.deepEqual(
      json.steps.map(({ action }: { action: string }) => action),
      ['change', 'publish', 'publish'],
    )
  })

  it('keep comments, canaries and old revisions on the way to an empty control plane: the same is published', async () => {
    const at = { environment: 'prod', team: 'main', id: 'orders' }
    writeFileSync(
      join(cwd, 'gate/live.yaml'),
      'dev:\n  main/orders: draft\n  shop/carts: draft\nprod:\n  main/orders: 1\n',
    )
    const refused = await stage.run('apply gate', { cwd })
    assert.deepEqual([refused.code, /base-path-changed/.test(refused.stderr)], [1, true])
    const applied = await stage.run('apply gate --acknowledge base-path-changed -m unused', { cwd })
    assert.equal(applied.code, 0, applied.stderr)
    const acknowledge = { codes: ['all'], reason: 'unused' }
    await stage.client.ask('startCanary', { params: at, body: { share: 10, acknowledge } })
    const pulled = await stage.run('pull copy', { cwd })
    assert.equal(pulled.code, 0, pulled.stderr)
    const files = readAll(join(cwd, 'copy'))
    assert.equal(files['environments/dev.yaml'], FILES['gate/environments/dev.yaml'])
    assert.match(files['live.yaml'] ?? '', /prod:\n {2}main\/orders:\n {4}- revision: 1\n {6}share: 90\n/)
    assert.ok(files['revisions/main/orders/1.yaml'])
    const there = await empty.run('apply copy', { cwd })
    assert.equal(there.code, 0, there.stderr)
    assert.equal(JSON.stringify(empty.published()), JSON.stringify(stage.published()))
    await empty.run('pull again', { cwd })
    assert.deepEqual(readAll(join(cwd, 'again')), files)
    assert.equal((await empty.run('pull again --dry-run', { cwd })).code, 0)
  })

  it('are not overwritten where the folder is something else', async () => {
    mkdirSync(join(cwd, 'other'))
    writeFileSync(join(cwd, 'other/notes.txt'), 'mine')
    const { code, stderr } = await stage.run('pull other', { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /notes\.txt/)
    assert.equal((await stage.run('pull other --force', { cwd })).code, 0)
    assert.ok(existsSync(join(cwd, 'other/notes.txt')))
    assert.equal((await stage.run('pull other', { cwd })).code, 0, 'it is ours by then')
  })

  it('lose what the folder does not have by --prune alone, and only when that is said', async () => {
    rmSync(join(cwd, 'copy/apis/shop/carts.yaml'))
    writeFileSync(join(cwd, 'copy/apis/shop/new.yaml'), 'upstream: http://127.0.0.1:9003\nbasePath: /new\n')
    const live = readFileSync(join(cwd, 'copy/live.yaml'), 'utf8')
    writeFileSync(join(cwd, 'copy/live.yaml'), live.replace('  shop/carts: draft\n', ''))
    const spared = await empty.run('apply copy', { cwd })
    assert.match(spared.stdout, /these stay: live\.yaml: dev: shop\/carts, apis\/shop\/carts\.yaml$/)
    const asked = await empty.run('apply copy --prune', { cwd, input: 'no\n' })
    assert.equal(asked.code, 1)
    assert.match(asked.stderr, /remove apis\/shop\/carts\.yaml/)
    assert.equal((await empty.run('diff copy --prune', { cwd })).code, 2)
    const done = await empty.run('apply copy --prune --yes', { cwd })
    assert.equal(done.code, 0, done.stderr)
    assert.equal((await empty.run('diff copy --prune', { cwd })).code, 0)
  })

  it('do what can be done, and say at the end what could not', async () => {
    const folder = createFolder({
      'f/apis/main/bad.yaml': 'colour: red\n',
      'f/apis/main/good.yaml': 'upstream: http://127.0.0.1:9003\nbasePath: /good\n',
      'f/live.yaml': 'dev:\n  main/orders: 99\n',
    })
    const { code, stdout, stderr } = await empty.run('apply f', { cwd: folder })
    assert.equal(code, 1)
    assert.match(stdout, /make apis\/main\/good\.yaml/)
    assert.match(stderr, /make apis\/main\/bad\.yaml failed:\n {2}\S+bad\.yaml:1:1: fault: .*colour/)
    assert.match(stderr, /names revision 99 of main\/orders, and there is no revisions\/main\/orders\/99\.yaml/)
    writeFileSync(join(folder, 'f/apis/main/bad.yaml'), 'title: [\n')
    const unread = await empty.run('apply f', { cwd: folder })
    assert.equal(unread.code, 1)
    assert.match(unread.stderr, /bad\.yaml:\d+:\d+: fault/)
  })

  it('are told apart from a file', async () => {
    const at = { cwd: createFolder({ 'one.yaml': 'gatewright: 1\n' }) }
    for (const line of ['diff one.yaml', 'apply one.yaml', 'pull one.yaml', 'pull one.yaml --force']) {
      const { code, stderr } = await empty.run(line, at)
      assert.equal(code, 2, line)
      assert.match(stderr, /one\.yaml is a file: name the folder/, line)
    }
    assert.match((await empty.run('diff one.yaml', at)).stderr, /the folder, or a second file to compare with/)
  })

  it('say that a name is none of the layout', async () => {
    const folder = createFolder({
      'f/api/main/q.yaml': 'basePath: /q\n',
      'f/teams/a.yaml': 'title: A\n',
      'f/docs/a.yaml': '',
    })
    for (const line of ['diff f', 'apply f']) {
      const { code, stderr } = await empty.run(line, { cwd: folder })
      assert.equal(code, 1, line)
      assert.match(stderr, /f\/api is none of .*apis.*: did you mean apis\?$/m, line)
      assert.doesNotMatch(stderr, /docs/)
    }
  })

  it('say where a file belongs that stands where none is expected', async () => {
    const folder = createFolder({
      'f/apis/q.yaml': 'basePath: /q\n',
      'f/apis/shop/old/r.yaml': 'basePath: /r\n',
      'f/apis/main/s.v2.yaml': 'basePath: /s\n',
      'f/environments/main/dev.yaml': '{}\n',
      'f/revisions/main/orders.yaml': '{}\n',
    })
    const { code, stderr } = await empty.run('apply f', { cwd: folder })
    assert.equal(code, 1)
    for (const said of [
      /f\/apis\/q\.yaml: .* move it to \S*f\/apis\/main\/q\.yaml$/m,
      /f\/apis\/shop\/old\/r\.yaml: .* move it to \S*f\/apis\/shop\/r\.yaml$/m,
      /f\/apis\/main\/s\.v2\.yaml: .* an id has no "\."/,
      /f\/environments\/main\/dev\.yaml: .* no team; move it to \S*f\/environments\/dev\.yaml$/m,
      /f\/revisions\/main\/orders\.yaml: .* revisions\/TEAM\/API\/NUMBER\.yaml$/m,
    ])
      assert.match(stderr, said)
  })

  it('publish nothing of an API whose file could not be applied', async () => {
    const folder = createFolder({
      'f/apis/main/orders.yaml': 'colour: red\n',
      'f/live.yaml': 'dev:\n  main/orders: draft\n',
    })
    const params = { environment: 'dev', team: 'main', id: 'orders' }
    const before = (await empty.client.ask('getDeployment', { params })).body
    const { code, stderr } = await empty.run('apply f', { cwd: folder })
    assert.equal(code, 1)
    assert.match(
      stderr,
      /publish live\.yaml: dev: main\/orders failed:\n {2}It needs apis\/main\/orders\.yaml, which failed\./,
    )
    assert.deepEqual((await empty.client.ask('getDeployment', { params })).body, before)
  })

  it('say what waits until others have approved it, and exit with 3 where nothing failed', async () => {
    const held = await openControlStage()
    const folder = createFolder({
      'f/environments/prod.yaml': 'pathPrefix: /prod\n',
      'f/upstreams/main/shop.yaml': 'targets: [http://127.0.0.1:9001]\n',
      'f/upstreams/main/more.yaml': 'targets: [http://127.0.0.1:9001]\n',
      'f/apis/main/orders.yaml': 'basePath: /orders\nupstream: shop\n',
      'f/live.yaml': 'prod:\n  main/orders: draft\n',
    })
    assert.equal((await held.run('apply f', { cwd: folder })).code, 0)
    writeFileSync(join(folder, 'f/environments/prod.yaml'), 'pathPrefix: /prod\nprotection: { approvals: 1 }\n')
    assert.equal((await held.run('apply f', { cwd: folder })).code, 0)
    for (const name of ['shop', 'more'])
      writeFileSync(join(folder, `f/upstreams/main/${name}.yaml`), 'targets: [http://127.0.0.1:9009]\n')
    writeFileSync(join(folder, 'f/apis/main/orders.yaml'), 'basePath: /orders\nupstream: shop\ntitle: Two\n')
    const before = held.published()
    const dry = await held.run('apply f --dry-run', { cwd: folder })
    assert.equal(dry.code, 2, dry.stderr)
    assert.match(
      dry.stdout,
      /change upstreams\/main\/shop\.yaml\n(?: {2}.*\n)*? {2}waits for 1 approval: it changes what prod runs/,
    )
    const { code, stdout, stderr } = await held.run('apply f', { cwd: folder })
    assert.equal(code, 3, stderr)
    assert.match(stdout, /^change upstreams\/main\/more\.yaml$/m)
    assert.match(
      stderr,
      /change upstreams\/main\/shop\.yaml waits:\n {2}It waits until others have approved it: change prod\/1\./,
    )
    assert.match(
      stderr,
      /publish live\.yaml: prod: main\/orders waits:\n {2}It waits until others have approved it: change prod\/main\/orders\/1\./,
    )
    assert.deepEqual(held.published(), before)
    const again = JSON.parse((await held.run('apply f --json', { cwd: folder })).stdout)
    assert.deepEqual(
      again.waiting.map(({ subject }: { subject: string }) => subject),
      ['upstreams/main/shop.yaml', 'live.yaml: prod: main/orders'],
    )
    assert.match(JSON.stringify(again.waiting), /change prod\/main\/orders\/1\./, 'it waits once')
    const published = await held.run('publish orders --to prod', { cwd: folder })
    assert.deepEqual(
      [
        published.code,
        /It waits until others have approved it: change prod\/main\/orders\/\d\./.test(published.stdout),
      ],
      [3, true],
    )
  })

  it('fails where a gateway does not run it', async () => {
    stage.refuse('no room')
    writeFileSync(join(cwd, 'gate/apis/shop/carts.yaml'), 'basePath: /c\nupstream: http://127.0.0.1:9002\n')
    const { code, stderr } = await stage.run('apply gate', { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /node local does not run it: no room/)
  })
})

describe('a folder whose files name each other', () => {
  it('is applied in one go', async () => {
    const folder = createFolder({
      'gate/apis/main/users.yaml': 'basePath: /users\nupstream: http://127.0.0.1:9003\n',
      'gate/plans/main/some.yaml': 'apis: [{ api: users }]\n',
      'gate/products/main/all.yaml': 'apis: [users]\nplans: [some]\n',
    })
    const { code, stderr } = await stage.run('apply gate', { cwd: folder })
    assert.equal(code, 0, stderr)
  })
})
