/** Owns the proof that files which policies of users read reach every thread, whatever becomes of files, threads and configurations. */
import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { RecordingLog } from '@gatewright/policies/testing'
import { findFreePort } from '../../policies/src/testing/free-ports.ts'
import { GatewayProcess, type GatewayProcessOptions } from './main.ts'
import { Seal } from './node/seal.ts'
import { checkUses } from './rehearsal/check-uses.ts'
import { Rehearsal } from './rehearsal/rehearsal.ts'
import { loadConfiguration } from './snapshot/load.ts'
import { makeWatchedFolder, removeWatchedFolder } from './snapshot/watched-folder.fixture.ts'

/** Answers what stands in its file, and ends its thread when it is asked to. */
const SAY = `import { definePolicy, GatewayResponse, z } from '@gatewright/policies'
export const say = definePolicy({
  name: 'say', phase: 'transform', summary: 'Says.', answers: true, options: z.strictObject({ file: z.string() }),
  files: ({ file }) => [{
    path: file, at: ['file'],
    check(bytes) { if (!Buffer.from(bytes).includes('good')) throw new Error('it is not good') },
  }],
  create({ file }, { files }) {
    const open = files.open(file)
    return (exchange) => {
      if (exchange.request.path === '/end') process.exit(1)
      return GatewayResponse.ofText(200, Buffer.from(open.content.bytes).toString())
    }
  },
})`

describe('a file that a policy of users reads', () => {
  let folder: string
  let port: number
  let log: RecordingLog
  let gateway: GatewayProcess | undefined

  beforeEach(async () => {
    folder = makeWatchedFolder('files')
    port = await findFreePort()
    log = new RecordingLog()
    write('say.ts', SAY)
    write('text', 'good one')
    write('gatewright.json', toConfig('./text'))
  })
  afterEach(async () => {
    await stop()
    removeWatchedFolder(folder)
  })

  const config = () => join(folder, 'gatewright.json')

  function toConfig(file: string): string {
    return JSON.stringify({
      gatewright: 1,
      accessLog: 'off',
      extensions: ['./say.ts'],
      listeners: [{ id: 'public', host: '127.0.0.1', port }],
      apis: [{ id: 'a', policies: [{ policy: 'say', options: { file } }] }],
    })
  }

  function write(name: string, text: string): void {
    writeFileSync(join(folder, `${name}.new`), text)
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }

  async function start(options: Partial<GatewayProcessOptions> = {}): Promise<string | undefined> {
    gateway = new GatewayProcess({ config: config(), threads: 2, log, seal: () => new Seal('of a test'), ...options })
    return await gateway.start()
  }

  async function stop(): Promise<void> {
    gateway?.close()
    await gateway?.supervisor.stop(0)
    gateway = undefined
  }

  /** On a connection of its own. */
  const ask = async (path = '/'): Promise<string | undefined> =>
    await fetch(`http://127.0.0.1:${port}${path}`, { headers: { Connection: 'close' } }).then(
      (answer) => answer.text(),
      () => undefined,
    )

  /** Messages to threads take a moment. */
  async function untilSaid(text: string): Promise<void> {
    for (let same = 0; same < 16; ) same = (await ask()) === text ? same + 1 : 0
  }

  it('is taken over without a new snapshot, and by a thread that is started later', async () => {
    assert.equal(await start(), undefined)
    await untilSaid('good one')
    write('text', 'good two')
    await gateway?.lookAtFiles()
    await untilSaid('good two')
    assert.equal(gateway?.supervisor.snapshot?.version, 1)
    await ask('/end')
    await untilSaid('good two')
    assert.ok(log.entries.some(({ message }) => message.startsWith('a data thread ended')))
  })

  it('counts as it was when what takes its place is not sound, which is told once', async () => {
    assert.equal(await start(), undefined)
    write('text', 'bad')
    for (let i = 0; i < 3; i++) await gateway?.lookAtFiles()
    await untilSaid('good one')
    const told = log.entries.filter(({ level }) => level === 'warn').map(({ facts }) => String(facts.why))
    assert.deepEqual(told, [`${join(folder, 'text')}: it is not good`])
  })

  it('keeps the gateway from starting when it is not sound, at its place in the configuration', async () => {
    write('text', 'bad')
    assert.match(
      (await start()) ?? '',
      /gatewright\.json:1:\d+: fault: say: .*text: it is not good\. \(apis\[0\]\.policies\[0\]\.options\.file\)$/,
    )
  })

  it('is there for the last good configuration', async () => {
    const dataDir = join(folder, 'data')
    assert.equal(await start({ dataDir }), undefined)
    await stop()
    write('gatewright.json', '{')
    assert.equal(await start({ dataDir }), undefined)
    await untilSaid('good one')
    await stop()
    write('text', 'bad')
    assert.notEqual(await start({ dataDir }), undefined)
    assert.match(JSON.stringify(log.entries.at(-1)), /last good configuration cannot serve either.*it is not good/)
  })

  it('is there for rehearsals and for the check of a configuration', async () => {
    const { model, apps, extensions, catalogue, resolution, policyFiles } = await loadConfiguration({
      config: config(),
    })
    assert.ok(model !== undefined)
    const files = policyFiles.shared
    assert.deepEqual(checkUses(model, catalogue, { sources: resolution.sources, files }), [])
    const rehearsal = await Rehearsal.create({ model, apps, extensions, files, log, startMs: 0 })
    const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await rehearsal.send({ bytes, method: 'GET' })).answer?.body.toString(), 'good one')
  })
})
