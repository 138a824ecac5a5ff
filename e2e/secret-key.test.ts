/** Owns the proof that the key of secrets is changed for another one, and that nothing is lost, whenever the control plane is killed meanwhile. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@gatewright/client'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import { startControl } from './harness/machines.ts'
import { get } from './harness/raw-client.ts'

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/gatewright.js', import.meta.url))
/** Enough of them that sealing all anew takes a while. */
const MANY = 200

describe('the key of secrets', () => {
  let plane: RunningControlPlane
  let token: string
  let file: string
  let first: string

  const run = promisify(execFile)
  async function command(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, GATEWRIGHT_SERVER: plane.url, GATEWRIGHT_TOKEN: token }
    const { stdout } = await run(process.execPath, [COMMAND, 'secret-key', ...args], { env })
    return stdout
  }
  const refusalOf = async (...args: readonly string[]): Promise<string> =>
    await command(...args).then(
      () => 'done',
      ({ stderr }: { stderr: string }) => stderr,
    )
  async function restart(): Promise<void> {
    await plane.kill()
    plane = await RunningControlPlane.start({ data: plane.data })
  }
  /** What an API answers with it. */
  async function assertOpens(): Promise<void> {
    await until(
      async () => (await get(plane.gateway.port, '/')).body.toString() === 'value 7' || undefined,
      'the secret',
    )
  }

  before(async () => {
    plane = await RunningControlPlane.start()
    const set = await plane.setUp()
    token = set.token
    file = join(plane.data, 'secret.key')
    first = readFileSync(file, 'utf8')
    await set.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    for (let i = 0; i < MANY; i++) {
      const params = { environment: 'prod', name: `S${i}` }
      await set.client.ask('putSecret', { params, body: { value: `value ${i}` } })
    }
    const body = { policies: [{ policy: 'respond', options: { body: '${secret:S7}' } }] }
    await set.client.ask('putApi', { params: { team: 'main', id: 'all' }, body })
    await set.client.ask('publish', { params: { environment: 'prod', team: 'main', id: 'all' }, body: {} })
  })
  after(() => plane?.remove())

  it('gets another one before it, and opens on until that is used', async () => {
    await assertOpens()
    assert.match(await command('draw', '--data', plane.data), /has the new key [0-9a-f]{16}, and the former one/)
    assert.equal(readFileSync(file, 'utf8').split('\n')[1], first.trim())
    assert.match(await refusalOf('draw', '--data', plane.data), /has a former key already/)
    await restart()
    await assertOpens()
    assert.match(
      await refusalOf('forget', '--data', plane.data),
      /not yet with [0-9a-f]{16}: restart its control planes/,
    )
  })

  it('is one of the two, and whole, whenever the control plane is killed', async () => {
    for (const head of [0, 1, 2, 3]) {
      const client = plane.toClient(token)
      const asked = client.ask('rotateSecrets', {}).catch(() => {})
      // Each time it has got somewhat further.
      for (let i = 0; i < head; i++) await client.ask('getMe', {})
      await plane.kill()
      await asked
      await restart()
      await assertOpens()
    }
  })

  it('is the new one alone in the end, and the former one opens nothing', async () => {
    assert.match(await command('use'), /Everything is sealed with the key [0-9a-f]{16}/)
    assert.match(await command('forget', '--data', plane.data), /has the key [0-9a-f]{16} alone/)
    const next = readFileSync(file, 'utf8')
    assert.equal(next.trim().split('\n').length, 1)
    await restart()
    await assertOpens()
    await plane.kill()
    writeFileSync(file, first)
    const control = await startControl(join(plane.data, 'control.db'), { args: ['--data', plane.data] })
    await until(
      () => /were sealed with the key [0-9a-f]{16}, and this is/.test(control.stderr) || undefined,
      'the fault',
    )
    const client = new Client({ url: control.url, token })
    const put = client.ask('putSecret', { params: { environment: 'prod', name: 'S' }, body: { value: 'x' } })
    await assert.rejects(put, /were sealed with the key [0-9a-f]{16}, and this is/)
    await control.stop()
    writeFileSync(file, next)
    plane = await RunningControlPlane.start({ data: plane.data })
    await assertOpens()
  })
})
