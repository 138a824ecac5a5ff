/** Owns the proof that routes of a large API come, go and move while it is served, also around a snapshot that is refused. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { get } from './harness/raw-client.ts'

const FIXED = Array.from({ length: 40 }, (_, index) => `fixed-${index}`)

/** Each route answers with its own name. */
function configure(names: readonly string[], { version, log = 'off' }: { version: number; log?: string }): string {
  const routes = names.map(
    (name) =>
      `      - id: ${name}\n        path: /${name}\n        policies: [{ policy: respond, options: { status: 200, body: ${name} } }]\n`,
  )
  return `gatewright: 1
accessLog: ${log}
policies:
  - { policy: set-headers, options: { on: response, set: { X-Version: "${version}" } } }
apis:
  - id: large
    routes:
${routes.join('')}`
}

describe('changes of routes', () => {
  let gateway: RunningGateway
  let version = 1
  before(async () => {
    gateway = await startGateway({ yaml: configure(FIXED, { version }), threads: 2 })
  })
  after(async () => {
    await gateway?.stop()
  })

  /** New connections land on either thread: so many in a row that agree are both. */
  async function serves(names: readonly string[], gone: readonly string[]): Promise<void> {
    version++
    await gateway.rewrite(configure(names, { version }))
    await until(async () => {
      for (let asked = 0; asked < 8; asked++) {
        if (findField(await get(gateway.port, `/${names[0]}`), 'x-version') !== `${version}`) return undefined
      }
      return true
    }, `version ${version} on every thread`)
    for (const name of names) assert.equal((await get(gateway.port, `/${name}`)).body.toString(), name)
    for (const name of gone) assert.equal((await get(gateway.port, `/${name}`)).status, 404, name)
  }

  it('are each answered by what the file says', async () => {
    await serves([...FIXED.slice(0, 20), 'new', ...FIXED.slice(20)], ['other'])
    await serves(['other', ...FIXED.slice(5), 'new'], FIXED.slice(0, 5))
    await serves([...FIXED].reverse(), ['other', 'new'])
    await serves(FIXED, ['other', 'new'])
  })

  it('go on after a snapshot that no thread could run', async () => {
    await serves(['new', ...FIXED], ['refused'])
    const log = '{ file: /nowhere/at/all/access.log }'
    await gateway.rewrite(configure(['refused', 'new', ...FIXED], { version, log }))
    await until(() => gateway.stderr.includes('/nowhere/at/all') || undefined, 'the fault in the log')
    assert.equal((await get(gateway.port, '/refused')).status, 404)
    await serves(['newer', 'new', ...FIXED], ['refused'])
    await serves(['refused', ...FIXED], ['newer', 'new'])
  })
})
