import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const main = (id: string) => ({ team: 'main', id })
const UPSTREAM = (port: number) => ({ targets: [`http://127.0.0.1:${port}`] })
let ada = ''
const asAda = (line: string) => stage.run(line, { env: { GATEWRIGHT_TOKEN: ada } })

describe('what waits, by a command', () => {
  before(async () => {
    ada = await stage.invite('ada')
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    await stage.client.ask('putUpstream', { params: main('shop'), body: UPSTREAM(9001) })
    await stage.client.ask('putApi', { params: main('orders'), body: { basePath: '/orders', upstream: 'shop' } })
    await stage.run('publish orders --to prod')
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: { protection: { approvals: 1 } } })
  })

  it('is told, shown, and let through by somebody else', async () => {
    const body = { title: 'Two', basePath: '/orders', upstream: 'shop' }
    await stage.client.ask('putApi', { params: main('orders'), body })
    const { code, stdout } = await stage.run('publish orders --to prod --message again')
    assert.equal(code, 3)
    const name = /change (\S+)\. They say/.exec(stdout)?.[1] ?? assert.fail(stdout)
    assert.match(name, /^prod\/main\/orders\/\d+$/)
    const listed = await asAda('changes list')
    assert.match(listed.stdout, new RegExp(`^${name} .* 0 of 1 approvals`))
    assert.match((await asAda(`changes show ${name}`)).stdout, /to be live: revision \d/)
    const own = await stage.run(`changes approve ${name}`)
    assert.deepEqual([own.code, /ask somebody else/.test(own.stderr)], [1, true], own.stderr)
    assert.match((await asAda(`changes approve ${name} --dry-run`)).stdout, /would be done$/)
    const approved = await asAda(`changes approve ${name} --note seen`)
    assert.deepEqual([approved.code, approved.stdout], [0, `${name} is done`], approved.stderr)
    assert.equal((await asAda('changes list')).stdout, 'Nothing waits.')
    assert.match((await asAda('changes list --state done')).stdout, new RegExp(`^${name} .*token "\\w+" of Olga, `))
    assert.match((await asAda(`changes show ${name}`)).stdout, /approved by .*ada.*: seen\n {2}done by .*ada/i)
  })

  it('is shown with what would be another than what is live, and what breaks callers', async () => {
    const routes = [{ id: 'list', path: '/list' }]
    const body = { title: 'Listed', basePath: '/orders', upstream: 'shop', routes }
    await stage.client.ask('putApi', { params: main('orders'), body })
    const asked = await stage.run('publish orders --to prod --acknowledge all --message known')
    const name = /change (\S+)\. They say/.exec(asked.stdout)?.[1] ?? assert.fail(asked.stdout + asked.stderr)
    const { stdout } = await asAda(`changes show ${name}`)
    assert.match(stdout, /\n {2}API: .*Listed/)
    assert.match(stdout, /\n {2}breaks callers: .+ \([\w-]+\)\n/)
    await asAda(`changes refuse ${name}`)
  })

  it('is about all else that prod runs as well, and is refused or withdrawn', async () => {
    for (const [port, by, verb] of [
      [9002, asAda, 'refuse'],
      [9003, stage.run, 'withdraw'],
    ] as const) {
      const waiting = await stage.client.ask('putUpstream', { params: main('shop'), body: UPSTREAM(port) })
      assert.equal(waiting.status, 202)
      const listed = JSON.parse((await stage.run('changes list --json')).stdout) as { number: number }[]
      const name = `prod/${listed[0]?.number}`
      assert.match((await asAda(`changes show ${name}`)).stdout, new RegExp(`putUpstream shop.*[^]*${port}`))
      assert.match((await by(`changes ${verb} ${name} --note no`)).stdout, /is (?:refused|withdrawn)$/)
    }
  })

  it('says what is wrong with the line', async () => {
    for (const [line, said] of [
      ['changes', /ACTION/],
      ['changes drop prod/1', /"drop" is none of list, show/],
      ['changes approve', /which one\?/],
      ['changes approve prod', /is no change: it is called as `changes list` says it/],
      ['changes list prod/1', /has no use for "prod\/1"/],
      ['changes list --note a', /has no use for --note/],
      ['changes list --state gone', /"gone" is none of waiting/],
    ] as const) {
      const { code, stderr } = await stage.run(line)
      assert.equal(code, 2, line)
      assert.match(stderr, said)
    }
    assert.deepEqual((await stage.run('changes show prod/77')).code, 1)
  })
})
