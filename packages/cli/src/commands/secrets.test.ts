import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()

describe('secrets of an environment, by commands', () => {
  before(async () => {
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
  })

  it('are set from stdin or a file, listed by name alone, and removed', async () => {
    assert.equal((await stage.run('secrets list prod')).stdout, 'It has no secrets.')
    const set = await stage.run('secrets set prod BACKEND_TOKEN', { input: 'sesame-1\n' })
    assert.deepEqual([set.code, set.stdout, set.stderr], [0, 'prod/BACKEND_TOKEN is set (version 1).', ''])
    const cwd = createFolder({ token: 'sesame-2' })
    const again = await stage.run('secrets set prod BACKEND_TOKEN --value-file token --json', { cwd })
    assert.equal(JSON.parse(again.stdout).version, 2)
    const listed = await stage.run('secrets list prod')
    assert.match(listed.stdout, /^BACKEND_TOKEN +version 2 +since \S+Z$/)
    assert.equal(JSON.parse((await stage.run('secrets list prod --json')).stdout)[0].name, 'BACKEND_TOKEN')
    const removed = await stage.run('secrets remove prod BACKEND_TOKEN')
    assert.deepEqual([removed.code, removed.stdout], [0, 'prod/BACKEND_TOKEN is removed.'])
    assert.equal((await stage.run('secrets list prod')).stdout, 'It has no secrets.')
  })

  it('have the value that was sent, without the end of the line', async () => {
    await stage.run('secrets set prod BASE', { input: 'http://127.0.0.1:9001\r\n' })
    const policies = [{ policy: 'set-headers', options: { set: { 'X-Base': '${secret:BASE}' } } }]
    const body = { basePath: '/orders', upstream: 'http://127.0.0.1:9001', policies }
    await stage.client.ask('putApi', { params: { team: 'main', id: 'orders' }, body })
    const { code, stderr } = await stage.run('publish orders --to prod')
    // No header has the end of a line in it.
    assert.equal(code, 0, stderr)
  })

  it('wait where others have to approve', async () => {
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: { protection: { approvals: 1 } } })
    const { code, stderr, stdout } = await stage.run('secrets set prod BASE', { input: 'http://127.0.0.1:9002' })
    assert.equal(code, 3, stdout)
    assert.match(stderr, /prod\/1/)
  })

  it('are refused in words', async () => {
    for (const line of [
      'secrets draw prod',
      'secrets set prod',
      'secrets set prod BASE',
      'secrets list prod BASE',
      'secrets remove prod BASE --value-file token',
      'secrets set prod BASE --value-file nowhere',
    ])
      assert.equal((await stage.run(line)).code, 2, line)
    assert.equal((await stage.run('secrets list nowhere')).code, 1)
  })
})
