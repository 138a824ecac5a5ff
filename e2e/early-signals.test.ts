/** Owns the proof that a signal finds somebody who follows it from the first moment on. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, spawnGateway } from './harness/gateway.ts'

const YAML = 'gatewright: 1\napis: [{ id: all, basePath: /, upstream: "http://127.0.0.1:9" }]\n'

/** Sends itself a signal while the command, of which nothing is loaded yet, is being loaded. */
const toEarly = (signal: NodeJS.Signals) =>
  `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
registerHooks({
  load(url, context, next) {
    if (url.endsWith('/cli/src/main.ts')) process.kill(process.pid, '${signal}')
    return next(url, context)
  },
})`)}`

describe('a signal that comes before the gateway serves', () => {
  const started: RunningGateway[] = []
  after(async () => {
    for (const gateway of started) await gateway.stop()
  })

  async function spawnWith(signal: NodeJS.Signals): Promise<RunningGateway> {
    const gateway = await spawnGateway({ yaml: YAML, env: { NODE_OPTIONS: `--import=${toEarly(signal)}` } })
    started.push(gateway)
    return gateway
  }

  it('is obeyed afterwards, where it asks for a reload', async () => {
    const gateway = await spawnWith('SIGHUP')
    await until(() => gateway.stderr.includes('SIGHUP came') || undefined, 'the reload')
    assert.equal(await gateway.isReady(), true)
  })

  it('opens no debugger, where it asks for a new access log', async () => {
    const gateway = await spawnWith('SIGUSR1')
    await until(async () => (await gateway.isReady()) || undefined, 'the gateway to be ready')
    assert.doesNotMatch(gateway.stderr, /Debugger/)
  })

  it('ends it with 0, where it asks for the end', async () => {
    const gateway = await spawnWith('SIGTERM')
    assert.equal(await within(gateway.exited, 'the end'), 0)
    assert.doesNotMatch(gateway.stderr, /serves on/)
  })

  it('ends it with 0, although what it loads never comes', async () => {
    const gateway = await spawnGateway({ yaml: 'gatewright: 1\nextensions: [./never.mjs]\n' })
    started.push(gateway)
    await writeFile(join(gateway.folder, 'never.mjs'), "process.stderr.write('loading')\nawait new Promise(() => {})\n")
    await until(() => gateway.stderr.includes('loading') || undefined, 'the extension to be loaded')
    gateway.child.kill('SIGTERM')
    assert.equal(await within(gateway.exited, 'the end'), 0)
  })
})
