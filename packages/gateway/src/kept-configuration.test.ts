/** Owns the proof of what a start does with the last good configuration: it serves at once where it is made of the same, and never where it is not. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { GatewayModel } from '@gatewright/model'
import { TestAuthority } from './certificates/test-authority.fixture.ts'
import { GatewayProcess, type GatewayProcessOptions } from './main.ts'
import { Seal } from './node/seal.ts'
import { LastGoodStore } from './snapshot/last-good.ts'
import { makeWatchedFolder, removeWatchedFolder } from './snapshot/watched-folder.fixture.ts'
import { probePort } from './threads/probe-port.ts'

const seal = (): Seal => new Seal('of a test')

describe('a start with what was kept', () => {
  let folder: string
  let dataDir: string
  let file: string
  let port: number
  let gateway: GatewayProcess | undefined
  let told: string[]
  let wake = (): void => {}

  const tell = (message: string): void => {
    told.push(message)
    wake()
  }
  const log = { info: tell, warn: tell, error: tell }

  beforeEach(async () => {
    folder = makeWatchedFolder('kept')
    dataDir = mkdtempSync(join(tmpdir(), 'gatewright-kept-'))
    file = join(folder, 'gatewright.json')
    port = await probePort({ host: '127.0.0.1', port: 0 })
    told = []
  })
  afterEach(async () => {
    await stop()
    removeWatchedFolder(folder)
    rmSync(dataDir, { recursive: true })
  })

  function write(body: string, more: object = {}): void {
    writeFileSync(
      file,
      JSON.stringify({
        gatewright: 1,
        accessLog: 'off',
        listeners: [{ id: 'public', host: '127.0.0.1', port }],
        apis: [{ id: 'a', policies: [{ policy: 'respond', options: { body } }] }],
        ...more,
      }),
    )
  }

  async function start(options: Partial<GatewayProcessOptions> = {}): Promise<GatewayProcess> {
    gateway = new GatewayProcess({ config: file, threads: 1, log, seal, dataDir, ...options })
    assert.equal(await gateway.start(), undefined)
    return gateway
  }

  async function stop(): Promise<void> {
    gateway?.close()
    await gateway?.supervisor.stop(0)
    gateway = undefined
  }

  /** As something that is served only where what was kept is: nobody who reads the file comes to it. */
  function mark(body: string, before = 'first'): void {
    const store = new LastGoodStore(dataDir, seal)
    const kept = store.find()
    assert.ok(kept?.ingredients !== undefined)
    store.save(JSON.parse(JSON.stringify(kept).replace(`"body":"${before}"`, `"body":"${body}"`)))
  }

  const answers = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/`)).text()

  it('serves that where it is made of the same, and what is read as a whole a moment later', async () => {
    write('first')
    await start()
    await stop()
    mark('kept')
    const running = await start()
    assert.deepEqual(
      [await answers(), running.configuration.fault, running.configuration.version],
      ['kept', undefined, 1],
    )
    const isLive = Promise.withResolvers<void>()
    wake = () => {
      if (told.at(-1) === 'the configuration was read as a whole and is live on every thread') isLive.resolve()
    }
    await isLive.promise
    assert.deepEqual([await answers(), running.configuration.version], ['first', 2])
  })

  it('says the same of it as a reading does, and nothing more where that comes to the same', async () => {
    write('first', { upstreams: [{ id: 'unused', targets: ['http://127.0.0.1:9'] }] })
    const { findings, hash } = (await start()).configuration
    assert.equal(findings.length, 1)
    await stop()
    mark('kept')
    const marked = await start()
    assert.deepEqual([await answers(), marked.configuration.findings], ['kept', findings])
    await stop()
    mark('first', 'kept')
    told = []
    const running = await start()
    assert.equal(running.configuration.hash, hash)
    running.reload('SIGHUP came', { isAsked: true })
    await running.lookAtFiles()
    assert.deepEqual(told, ['SIGHUP came: nothing has changed'])
    assert.equal(running.configuration.version, 1)
  })

  it('serves nothing of it where the file is another, a variable, or what is published', async () => {
    process.env.GATEWRIGHT_TEST_KEPT = 'one'
    const variables = { kept: '${env:GATEWRIGHT_TEST_KEPT}' }
    const feed = (text: string) => () => [{ path: 'published/x.json', text, isForeign: true }]
    write('first', { variables })
    await start({ feed: feed('{}') })
    await stop()
    const again = async (now: string): Promise<void> => {
      mark('kept')
      await start({ feed: feed(now) })
      assert.equal(await answers(), 'first')
      await stop()
    }
    await again('{ }')
    process.env.GATEWRIGHT_TEST_KEPT = 'two'
    await again('{ }')
    delete process.env.GATEWRIGHT_TEST_KEPT
    write('first')
    await again('{ }')
  })

  it('is said to be the last good one before it is known what is published', async () => {
    write('first')
    await start({ feed: () => undefined })
    await stop()
    mark('kept')
    const feed = () => ({ unknown: 'the store is gone' })
    const running = await start({ feed })
    assert.deepEqual(
      [await answers(), running.configuration.fault],
      ['kept', 'what is published is not known: the store is gone'],
    )
    assert.match(told.at(-1) ?? '', /^the configuration is not used: the last good one serves/)
  })

  it('goes by the flags of this start, and not by those of the one that kept it', async () => {
    const other = await probePort({ host: '127.0.0.1', port: 0 })
    const adjust = (model: GatewayModel): GatewayModel => ({
      ...model,
      listeners: model.listeners.map((listener) => ({ ...listener, port: other })),
    })
    const ports = (running: GatewayProcess) => running.model?.listeners.map((listener) => listener.port)
    write('first')
    await start({ adjust })
    await stop()
    mark('kept')
    // Nobody has checked it with these.
    assert.deepEqual([ports(await start()), await answers()], [[port], 'first'])
    await stop()
    mark('kept')
    assert.deepEqual([ports(await start()), await answers()], [[port], 'kept'])
  })

  it('reads the whole first where a certificate cannot be used any more, and tells anew what is wrong with one', async () => {
    const authority = TestAuthority.create()
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const place = (days: number): void => {
      const { cert, key } = authority.issue({ names: ['shop.test'], days })
      copyFileSync(cert, files.cert)
      copyFileSync(key, files.key)
    }
    place(300)
    write('first', {
      certificates: [{ id: 'shop', ...files }],
      listeners: [
        { id: 'public', host: '127.0.0.1', port },
        { id: 'secure', host: '127.0.0.1', port: await probePort({ host: '127.0.0.1', port: 0 }), tls: {} },
      ],
    })
    assert.deepEqual((await start()).configuration.findings, [])
    await stop()
    mark('kept')
    place(1)
    const [ending] = (await start()).configuration.findings
    assert.match(ending?.message ?? '', / ends on /)
    assert.equal(await answers(), 'kept')
    await stop()
    mark('kept')
    writeFileSync(files.cert, 'no certificate')
    const running = await start()
    // The last good one serves all the same, as always, and whoever asks hears why it is not what is given.
    assert.match(running.configuration.fault ?? '', /cert\.pem/)
  })
})
