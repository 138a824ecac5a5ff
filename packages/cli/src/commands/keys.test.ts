import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()

describe('keys of an app, by commands', () => {
  before(async () => {
    await stage.client.ask('putApp', { params: { team: 'main', id: 'acme' }, body: { title: 'Acme' } })
  })

  it('are issued alone on stdout, listed without being shown, rotated and ended', async () => {
    assert.equal((await stage.run('keys list acme')).stdout, 'It has no keys.')
    const issued = await stage.run('keys issue acme --name shop --expires 2099-01-31T00:00:00Z')
    assert.equal(issued.code, 0, issued.stderr)
    assert.match(issued.stdout, /^[!-~]{20,}$/)
    const uid = /uid is (\S+)\.$/.exec(issued.stderr)?.[1] ?? ''
    const listed = await stage.run('keys list main/acme')
    assert.match(listed.stdout, new RegExp(`^${uid} .* shop +- +since \\S+Z +until 2099-01-31T00:00:00`))
    assert.ok(!listed.stdout.includes(issued.stdout))
    const rotated = await stage.run(`keys rotate acme ${uid} --overlap 0`)
    assert.equal(rotated.code, 0, rotated.stderr)
    assert.notEqual(rotated.stdout, issued.stdout)
    const [second] = JSON.parse((await stage.run('keys list acme --json')).stdout).filter(
      (key: { uid: string }) => key.uid !== uid,
    )
    assert.equal(second.name, 'shop')
    const ended = await stage.run(`keys end acme ${second.uid}`)
    assert.deepEqual([ended.code, ended.stdout], [0, `${second.uid} has ended: it is refused from now on.`])
    assert.match((await stage.run('keys list acme')).stdout, new RegExp(`${second.uid}.* ended \\d{4}-`))
  })

  it('are refused in words', async () => {
    for (const line of [
      'keys draw acme',
      'keys end acme',
      'keys rotate acme',
      'keys list acme some',
      'keys list acme --plan gold',
      'keys issue acme --expires tomorrow',
    ]) {
      assert.equal((await stage.run(line)).code, 2, line)
    }
    assert.equal((await stage.run('keys issue nobody')).code, 1)
    const past = await stage.run('keys issue acme --expires 2020-01-01T00:00:00Z')
    assert.deepEqual([past.code, /is in the past/.test(past.stderr)], [1, true], past.stderr)
    assert.equal((await stage.run('keys end acme nothing')).code, 1)
    assert.match((await stage.run('keys issue acme --plan none')).stderr, /no plan "none"/)
  })
})

describe('the audit log, by a command', () => {
  it('says what was done, the newest first, and only what is asked for', async () => {
    const all = await stage.run('audit')
    assert.equal(all.code, 0, all.stderr)
    assert.match(all.stdout, /^\d+ +\S+Z +token "tests" of Olga +end +key +main\/acme$/m)
    assert.match(all.stdout, /^\d+ +\S+Z +token "tests" of Olga +create +app +main\/acme$/m)
    const keys = await stage.run('audit --kind key --action issue --by me --since 1h --team main')
    assert.equal(keys.stdout.split('\n').length, 2, keys.stdout)
    const json = JSON.parse((await stage.run('audit --limit 1 --json')).stdout)
    assert.deepEqual([json.length, json[0].action], [1, 'end'])
    assert.equal((await stage.run('audit --since 2099-01-01')).stdout, 'Nothing of that was done.')
    const typo = (await stage.run('audit --kind apis')).stdout
    assert.match(typo, /^Nothing of that was done\. .*"apis": they are about .*\bapp\b.*\bkey\b/)
    assert.equal((await stage.run('audit --since yesterday')).code, 2)
    assert.match((await stage.run('audit --by Olga')).stderr, /"Olga" is no actor: write user:UID/)
  })

  it('says in which environment something went live, and why', async () => {
    await stage.client.ask('putEnvironment', { params: { id: 'dev' }, body: {} })
    const body = { basePath: '/orders', upstream: 'http://127.0.0.1:9001' }
    await stage.client.ask('putApi', { params: { team: 'main', id: 'orders' }, body })
    const published = await stage.run('publish orders --to dev --message first')
    assert.equal(published.code, 0, published.stderr)
    assert.match((await stage.run('audit --action publish')).stdout, / main\/orders {2}in dev {2}first$/)
    const inDev = (await stage.run('audit --in dev')).stdout.split('\n')
    assert.deepEqual([inDev.length, / create +environment +dev/.test(inDev[1] ?? '')], [2, true], inDev.join('\n'))
    const typo = await stage.run('audit --in dve')
    assert.equal(typo.stdout, 'Nothing of that was done. There is no environment "dve" now: there are dev.')
  })
})
