/** Owns the proof that keys which a control plane keeps are let in and refused by the gateway beside it, without another snapshot. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SqliteStore } from '../packages/control-plane/src/store/sqlite/sqlite-store.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { KeptStore } from './harness/kept-store.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

describe('keys of a control plane beside a gateway', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let kept: KeptStore
  let folder: string

  before(async () => {
    upstream = await listenAsWitness()
    folder = await mkdtemp(join(tmpdir(), 'gatewright-e2e-'))
    const args = ['--control-plane', '--data', folder, '--control-port', '0']
    gateway = await startGateway({ yaml: 'gatewright: 1\naccessLog: off\n', threads: 2, args })
    const file = join(folder, 'control.db')
    kept = new KeptStore(await SqliteStore.open({ file, onFault: () => {} }))
  })
  after(async () => {
    await gateway?.stop()
    await kept?.close()
    await upstream.close()
    await rm(folder, { recursive: true, force: true })
  })

  const call = async (key: string): Promise<number> =>
    (await get(gateway.port, '/orders', [`X-Api-Key: ${key}`])).status
  /** Asked beside the listener: only so many wrong keys are judged. */
  const untilTold = (sequence: number) =>
    until(async () => ((await gateway.snapshot())?.apps.fed.sequence ?? 0) >= sequence || undefined, 'every thread')

  it('are let in on every thread once they are issued, and refused once they end, by the snapshot that was there', async () => {
    await kept.publish('orders', { upstream: upstream.url, policies: [{ policy: 'key-auth' }] })
    await until(async () => (await call('nobody')) === 401 || undefined, 'the API')
    const app = await kept.createApp('acme')
    const [first, second] = [await kept.issueKey(app), await kept.issueKey(app)]
    const before = await gateway.snapshot()
    await untilTold(second.sequence)
    for (let i = 0; i < 16; i++) for (const { value } of [first, second]) assert.equal(await call(value), 200)
    await kept.endKey(first.uid)
    await untilTold(second.sequence + 1)
    for (let i = 0; i < 4; i++) assert.deepEqual([await call(first.value), await call(second.value)], [401, 200])
    const after = await gateway.snapshot()
    assert.deepEqual([after?.version, after?.configuration.loadedAt], [before?.version, before?.configuration.loadedAt])
  })

  it('are let in and refused by a gateway that is started again as they were before', async () => {
    const app = await kept.createApp('late')
    const [ended, living] = [await kept.issueKey(app), await kept.issueKey(app)]
    await kept.endKey(ended.uid)
    await gateway.stop()
    const args = ['--control-plane', '--data', folder, '--control-port', '0']
    gateway = await startGateway({ yaml: 'gatewright: 1\naccessLog: off\n', threads: 2, args })
    for (let i = 0; i < 4; i++) assert.deepEqual([await call(ended.value), await call(living.value)], [401, 200])
  })
})
