import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder, readAll } from '../run-command.fixture.ts'

const stage = await openControlStage()
const empty = await openControlStage()
const at = { team: 'main', id: 'orders' }
const place = { environment: 'prod', ...at }

const toOrders = (title: string) =>
  `title: ${title}\nbasePath: /orders\nupstream: http://127.0.0.1:9001\npolicies: [{ policy: key-auth }]\n`
const cwd = createFolder({
  'gate/environments/prod.yaml': 'pathPrefix: /prod\n',
  'gate/teams/shop.yaml': 'title: Shop\n',
  'gate/apps/main/web.yaml': 'title: Web\n',
  'gate/apps/shop/web.yaml': 'title: Web of the shop\n',
  'gate/apis/main/orders.yaml': toOrders('One'),
  'gate/live.yaml': 'prod:\n  main/orders: draft\n',
})

async function say(title: string): Promise<void> {
  const { body } = (await stage.client.ask('getApi', { params: at })).body
  await stage.client.ask('putApi', { params: at, body: { ...body, title } })
}

async function listReleases() {
  return (await stage.client.ask('getDeployment', { params: place })).body.releases
}

async function assertNothingToDo(folder: string): Promise<void> {
  const { code, stdout, stderr } = await stage.run(`apply ${folder}`, { cwd })
  assert.deepEqual([code, stdout, stderr], [0, 'Nothing to do.', ''])
}

describe('releases of apps, and previews, in a folder', () => {
  it('are no difference where live.yaml does not name them: what is live is the draft', async () => {
    const { code, stderr } = await stage.run('apply gate', { cwd })
    assert.equal(code, 0, stderr)
    await say('Two')
    await stage.client.ask('startPreview', { params: place, body: {} })
    await say('One')
    writeFileSync(join(cwd, 'gate/apis/main/orders.yaml'), (await stage.client.read('getApi', { params: at })).body)
    await assertNothingToDo('gate')
    assert.equal((await listReleases()).length, 2, 'and they stay')
  })

  it('are kept on the way to an empty control plane: the same is published', async () => {
    await say('Three')
    const canary = { apps: ['web', 'shop/web'], share: 5 }
    await stage.client.ask('startCanary', { params: place, body: canary })
    const pulled = await stage.run('pull copy', { cwd })
    assert.equal(pulled.code, 0, pulled.stderr)
    const files = readAll(join(cwd, 'copy'))
    assert.match(
      files['live.yaml'] ?? '',
      /- revision: 3\n {6}share: 5\n {6}apps:\n {8}- main\/web\n {8}- shop\/web\n {4}- revision: 2\n {6}preview:\n {8}hash: sha256:/,
    )
    await assertNothingToDo('copy')
    const { code, stderr } = await empty.run('apply copy', { cwd })
    assert.equal(code, 0, stderr)
    assert.equal(JSON.stringify(empty.published()), JSON.stringify(stage.published()))
    assert.equal((await empty.run('pull again', { cwd })).code, 0)
    assert.deepEqual(readAll(join(cwd, 'again')), files)
    const second = await empty.run('apply again', { cwd })
    assert.deepEqual([second.code, second.stdout], [0, 'Nothing to do.'])
  })

  it('are told in words, and changed by who edits them', async () => {
    const [main, , preview] = await listReleases()
    const { hash, expires } = preview?.preview ?? {}
    const write = (canary: string, end: string | undefined) =>
      writeFileSync(
        join(cwd, 'gate/live.yaml'),
        `prod:\n  main/orders:\n    - { revision: ${main?.revision}, share: 100 }\n    - { revision: 3, ${canary} }\n    - { revision: 2, preview: { hash: "${hash}", expires: "${end}" } }\n`,
      )
    writeFileSync(join(cwd, 'gate/apis/main/orders.yaml'), (await stage.client.read('getApi', { params: at })).body)
    write('apps: [web]', expires)
    const until = `revision 2 \\(a preview until ${expires}\\)`
    const told = new RegExp(
      `revision 1 \\(95 %\\), revision 3 \\(5 % and apps main/web, shop/web\\), ${until} → revision 1 \\(100 %\\), revision 3 \\(apps main/web\\), ${until}$`,
    )
    assert.match((await stage.run('diff gate', { cwd })).stdout, told)
    assert.equal((await stage.run('apply gate', { cwd })).code, 0)
    assert.deepEqual((await listReleases())[1], { revision: 3, apps: ['main/web'] })
    await assertNothingToDo('gate')
    const later = new Date(Date.parse(expires ?? '') + 3_600_000).toISOString()
    write('apps: [main/web]', later)
    assert.equal((await stage.run('apply gate', { cwd })).code, 0)
    assert.equal((await listReleases())[2]?.preview?.expires, later)
    write('apps: [main/web]', '2020-01-01T00:00:00Z')
    await assertNothingToDo('gate')
  })

  it('are refused in words where they cannot be', async () => {
    const releases = ['{ revision: 1 }', '{ revision: 3, preview: { hash: token, expires: 2030-01-01T00:00:00Z } }']
    writeFileSync(join(cwd, 'gate/live.yaml'), `prod:\n  main/orders: [${releases.join(', ')}]\n`)
    const { code, stderr } = await stage.run('apply gate', { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /live\.yaml: prod: main\/orders/)
    writeFileSync(join(cwd, 'gate/live.yaml'), 'prod:\n  main/orders: [{ revision: 3, share: 100, apps: [nobody] }]\n')
    const unknown = await stage.run('apply gate', { cwd })
    assert.deepEqual([unknown.code, /There is no app "nobody" in the team "main"/.test(unknown.stderr)], [1, true])
  })
})
