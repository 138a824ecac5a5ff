/** Owns the proof that a configuration is live on every thread or on none, also when threads die while they prepare it. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const EXTENSION = fileURLToPath(new URL('extensions/end-thread.ts', import.meta.url))

describe('a publish while a thread dies in the middle of prepare', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway | undefined

  before(async () => {
    upstream = await listenAsWitness()
  })
  after(async () => {
    await gateway?.stop()
    await upstream.close()
  })

  /** One API whose base path tells which configuration it is. */
  const configure = (id: string, policies = '') => `gatewright: 1
accessLog: off
extensions: ["${EXTENSION}"]
apis: [{ id: ${id}, basePath: /${id}, upstream: "${upstream.url}", policies: [${policies}] }]
`

  async function serve(threads: number): Promise<RunningGateway> {
    await gateway?.stop()
    gateway = await startGateway({ yaml: configure('first'), threads })
    return gateway
  }

  for (const threads of [1, 2, 3]) {
    it(`the newest configuration ends up on every thread, of ${threads}`, async () => {
      const running = await serve(threads)
      const file = join(running.folder, 'bomb')
      await writeFile(file, '')
      await running.rewrite(configure('second', `{ policy: end-thread-once, options: { file: "${file}" } }`))
      const {
        version,
        hash,
        threads: all,
      } = await until(async () => {
        const facts = await running.snapshot()
        return facts?.version === 2 && facts.threads.every(({ version }) => version === 2) ? facts : undefined
      }, 'the second version on every thread')
      assert.deepEqual(
        all,
        Array.from({ length: threads }, (_, index) => ({ index, version, hash })),
      )
      assert.match(running.stderr, /a data thread ended/)
      for (let i = 0; i < 8 * threads; i++) assert.equal((await get(running.port, '/second')).status, 200)
      assert.equal((await get(running.port, '/first')).status, 404)
    })

    it(`one that ends whoever prepares it is refused, and ${threads} serve what they served`, async () => {
      const running = await serve(threads)
      await running.rewrite(configure('second', '{ policy: end-thread-always }'))
      const facts = await until(async () => {
        const found = await running.snapshot()
        return found?.configuration.fault && found.threads.every(({ version }) => version === 1) ? found : undefined
      }, 'the refusal, and every thread to serve again')
      assert.match(facts.configuration.fault ?? '', /thread \d ended/)
      for (let i = 0; i < 8 * threads; i++) assert.equal((await get(running.port, '/first')).status, 200)
      await running.rewrite(configure('third'))
      await until(
        async () => (await running.snapshot())?.threads.every(({ version }) => version > 1) || undefined,
        'a good one on every thread',
      )
      assert.equal((await get(running.port, '/third')).status, 200)
    })
  }
})
