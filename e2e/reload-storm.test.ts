/** Owns the proof that hundreds of changes in a row, broken ones among them, end in the last good state, and leave nothing behind. */
import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream } from './harness/raw-upstream.ts'

const CHANGES = 200
/** Enough that a snapshot that is kept weighs: a megabyte or so a thread. */
const ROUTES = 400
/** Two hundred kept snapshots would be several times as much; what a garbage collection has not come to yet is less. */
const MOST_GROWTH_BYTES = 150_000_000

describe('a storm of changes', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let extraPort: number
  let serial = 0

  before(async () => {
    upstream = await listenAsWitness()
    extraPort = await findFreePort()
    gateway = await startGateway({ yaml: configure(0), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  /** Every other one has a listener more, which every next one takes out again. */
  function configure(version: number): string {
    const extra = version % 2 === 1 ? `, { id: extra, host: 127.0.0.1, port: ${extraPort} }` : ''
    const routes = Array.from({ length: ROUTES }, (_, i) => `      - { id: r${i}, path: "/v${version}/${i}/{rest+}" }`)
    return `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }${extra}]
accessLog: off
policies:
  - { policy: set-headers, options: { on: response, set: { X-Version: "${version}" } } }
apis:
  - id: all
    basePath: /
    upstream: "${upstream.url}"
    routes:
      - { id: rest, path: "/{rest+}" }
${routes.join('\n')}
`
  }

  /** As editors and deployments do it: written beside, then renamed. */
  async function replace(yaml: string): Promise<void> {
    const next = join(gateway.folder, `next${serial++}.yaml`)
    await writeFile(next, yaml)
    await rename(next, gateway.configFile)
  }

  /** The storm, and one last good state; resolves when that is live on every thread. */
  async function storm(first: number): Promise<number> {
    for (let i = 0; i < CHANGES; i++) {
      await replace(i % 3 === 2 ? `${configure(first + i)}\n  tab:\tbroken: [` : configure(first + i))
      // Now and then all that was written is read before the next comes; else several are read as one.
      if (i % 5 === 0)
        await until(async () => (await gateway.status('livez'))?.status === 200 || undefined, 'an answer')
    }
    const last = first + CHANGES
    await replace(configure(last))
    await until(async () => {
      const facts = await gateway.snapshot()
      const { fault = 'unknown' } = facts?.configuration ?? {}
      if (fault !== null || !facts?.threads.every(({ hash }) => hash === facts.hash)) return undefined
      return findField(await get(gateway.port, '/a'), 'x-version') === `${last}` || undefined
    }, 'the last state on every thread')
    return last
  }

  it('ends in the last good state; versions only rise; nobody notices; no descriptor and no memory stays behind', async () => {
    let isOver = false
    /** One kept connection throughout: no listener and no thread is replaced under it. */
    const load = async () => {
      const client = await RawClient.connect(gateway.port)
      while (!isOver) {
        await client.write('GET /load HTTP/1.1\r\nHost: a\r\n\r\n')
        const answer = await client.getAnswer()
        assert.deepEqual([answer.status, findField(answer, 'connection')], [200, undefined])
      }
      client.close()
    }
    /** What the threads serve, as often as it can be asked. */
    const watch = async () => {
      const highest = [0, 0]
      while (!isOver) {
        for (const { index, version } of (await gateway.snapshot())?.threads ?? []) {
          assert.ok(version >= (highest[index] ?? 0), `thread ${index} went from ${highest[index]} to ${version}`)
          highest[index] = version
        }
      }
      return Math.min(...highest)
    }
    // The first storm brings everything to its size.
    let last = await storm(2)
    const files = (await gateway.openFiles()).length
    const bytes = await gateway.residentBytes()
    const others = Promise.all([watch(), load(), load()])
    try {
      last = await Promise.race([storm(last + 2), others.then(() => assert.fail('the load ended'))])
    } finally {
      isOver = true
    }
    const [highest] = await others
    assert.ok(highest > 2, 'versions were seen to rise')
    for (let i = 0; i < 16; i++) assert.equal(findField(await get(gateway.port, '/a'), 'x-version'), `${last}`)
    await until(
      async () => (await gateway.openFiles()).length <= files || undefined,
      `no more than ${files} open files, as before the storm`,
    )
    assert.ok(last % 2 === 0, 'the last state has no second listener')
    await assert.rejects(get(extraPort, '/a'), 'its port is free again')
    const grown = (await gateway.residentBytes()) - bytes
    assert.ok(grown < MOST_GROWTH_BYTES, `${Math.round(grown / 1e6)} MB more than before the storm`)
    assert.doesNotMatch(gateway.stderr, /a data thread ended|EADDRINUSE|TypeError/)
  })
})
