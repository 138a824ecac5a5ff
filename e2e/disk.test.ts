/** Owns the proof that a disk that is full, read-only or not there never stops what serves, and that the log and the metrics say so. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { until, within } from './harness/deadline.ts'
import { type GatewayOptions, type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'
import { get } from './harness/raw-client.ts'

const run = promisify(execFile)

/** A file system of 64 KiB. undefined: only root may mount, and not everywhere. */
async function mountSmallDisk(folder: string): Promise<string | undefined> {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  return await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).then(
    () => disk,
    () => undefined,
  )
}

describe('the disk', { skip: process.platform === 'linux' ? false : 'needs /dev/full and /proc' }, () => {
  const started: RunningGateway[] = []
  let folder: string
  let disk: string | undefined

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-disk-'))
    disk = await mountSmallDisk(folder)
  })
  after(async () => {
    for (const gateway of started) await gateway.stop()
    if (disk !== undefined) await run('umount', [disk])
    await rm(folder, { recursive: true, force: true })
  })

  const configure = (id = 'first', accessLog = 'off') => `gatewright: 1
accessLog: ${accessLog}
apis: [{ id: ${id}, basePath: /${id}, policies: [{ policy: respond, options: { body: ok } }] }]
`

  async function serve(options: GatewayOptions): Promise<RunningGateway> {
    const gateway = await startGateway(options)
    started.push(gateway)
    return gateway
  }

  async function ask(gateway: RunningGateway, requests: number, path = '/first'): Promise<void> {
    for (let i = 0; i < requests; i++) assert.equal((await get(gateway.port, path)).status, 200)
  }

  for (const [what, data] of [
    ['where nothing can be made', '/proc/nope'],
    ['below such a place', '/proc/nope/deeper/still'],
    ['that is a file', '/dev/null'],
    ['below a file', '/dev/null/below'],
  ] as const) {
    it(`a data folder ${what} ends the start with one line that names it`, async () => {
      const failed = await spawnGateway({ yaml: configure(), args: ['--data', data] })
      started.push(failed)
      assert.equal(await within(failed.exited, 'its end'), 1)
      const lines = failed.stderr.trim().split('\n')
      assert.equal(lines.length, 1, failed.stderr)
      assert.match(lines[0] ?? '', new RegExp(`cannot start: the data folder ${data} cannot be made: .*--data`))
    })
  }

  it('a data folder that cannot be written leaves the gateway serving, and the log says why', async () => {
    // Not even root writes here.
    const gateway = await serve({ yaml: configure(), args: ['--data', '/proc/sys'] })
    await ask(gateway, 3)
    assert.match(gateway.stderr, /the last good configuration cannot be kept .*\/proc\/sys/)
    await gateway.rewrite(configure('second'))
    await until(async () => (await get(gateway.port, '/second')).status === 200 || undefined, 'the change')
  })

  it('a full disk keeps the last good configuration that stands there, and leaves nothing half written', async (t) => {
    if (disk === undefined) return t.skip('only root can mount a small file system here')
    const args = ['--data', join(disk, 'data')]
    const gateway = await serve({ yaml: configure(), args })
    const kept = await readFile(join(disk, 'data', 'last-good.json'), 'utf8')
    await writeFile(join(disk, 'ballast'), Buffer.alloc(65_536)).catch(() => {})
    await gateway.rewrite(configure('second', `{ file: ${join(folder, 'log')} } # ${'x'.repeat(5000)}`))
    await until(() => gateway.stderr.includes('cannot be kept') || undefined, 'the fault in the log')
    assert.match(gateway.stderr, /ENOSPC/)
    await ask(gateway, 3, '/second')
    assert.deepEqual(await readdir(join(disk, 'data')), ['last-good.json', 'secret.key'])
    assert.equal(await readFile(join(disk, 'data', 'last-good.json'), 'utf8'), kept)
    await rm(join(disk, 'ballast'))
    await gateway.rewrite(configure('third'))
    await until(async () => (await get(gateway.port, '/third')).status === 200 || undefined, 'the change')
    await until(
      async () => (await readFile(join(disk ?? '', 'data', 'last-good.json'), 'utf8')) !== kept || undefined,
      'the third to be kept',
    )
  })

  it('an access log on a full device counts every record it loses, and the log says why', async () => {
    const gateway = await serve({ yaml: configure('first', '{ file: /dev/full }'), threads: 2 })
    await ask(gateway, 40)
    await until(
      async () => (await gateway.metric('gatewright_access_log_dropped_total')) === 40 || undefined,
      'every lost record to be counted',
    )
    assert.match(gateway.stderr, /the access log \(file \/dev\/full\) loses records .*ENOSPC/)
    assert.equal(await gateway.isReady(), true)
  })

  it('an access log whose disk fills up holds whole lines only, and goes on when there is room', async (t) => {
    if (disk === undefined) return t.skip('only root can mount a small file system here')
    const file = join(disk, 'access.log')
    const gateway = await serve({ yaml: configure('first', `{ file: ${file} }`) })
    const lost = () => gateway.metric('gatewright_access_log_dropped_total')
    let asked = 0
    while ((await lost()) === 0) {
      await ask(gateway, 20)
      asked += 20
    }
    await until(() => gateway.stderr.includes('loses records') || undefined, 'the reason in the log')
    const count = async () => {
      const lines = (await readFile(file, 'utf8')).split('\n')
      assert.equal(lines.pop(), '', 'the last line is whole')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as object).length
    }
    await until(
      async () => (await count()) + (await lost()) === asked || undefined,
      'each record to be there or counted',
    )
    await truncate(file)
    const before = await lost()
    await ask(gateway, 5)
    await until(async () => (await count()) === 5 || undefined, 'the records to be written again')
    assert.equal(await lost(), before)
  })

  it('a log that cannot be written anywhere ends nothing', async () => {
    const full = openSync('/dev/full', 'w')
    const gateway = await serve({ yaml: configure(), stderr: full })
    closeSync(full)
    await gateway.rewrite('gatewright: 1\nfaulty: true\n')
    await until(async () => (await gateway.snapshot())?.configuration.fault ?? undefined, 'the fault')
    await ask(gateway, 3)
    assert.equal(gateway.child.exitCode, null)
  })

  it('a log whose reader went away ends nothing', async () => {
    const gateway = await serve({ yaml: configure() })
    gateway.child.stderr?.destroy()
    gateway.child.stdout?.destroy()
    for (const yaml of ['gatewright: 1\nfaulty: true\n', configure('second')]) {
      const { configuration } = (await gateway.snapshot()) ?? {}
      await gateway.rewrite(yaml)
      await until(
        async () => (await gateway.snapshot())?.configuration.loadedAt !== configuration?.loadedAt || undefined,
        'the file to be read again',
      )
    }
    await until(async () => (await get(gateway.port, '/second')).status === 200 || undefined, 'the change')
    assert.equal(gateway.child.exitCode, null)
  })
})
