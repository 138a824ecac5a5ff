/** Owns the proof that a change of the key of secrets loses nothing where the disk is full, nor where one of several control planes still has the former key. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@gatewright/client'
import { findPostgres, PostgresServer } from '../packages/control-plane/src/testing/postgres-server.ts'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import { makeFirstAccount } from './harness/first-account.ts'
import { type RunningControl, startControl } from './harness/machines.ts'
import { get } from './harness/raw-client.ts'

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/gatewright.js', import.meta.url))
const run = promisify(execFile)

/** What it says, or what it complains of. */
async function command(
  line: readonly string[],
  { url, token }: { readonly url: string; readonly token: string },
): Promise<string> {
  const env = { ...process.env, GATEWRIGHT_SERVER: url, GATEWRIGHT_TOKEN: token }
  return await run(process.execPath, [COMMAND, 'secret-key', ...line], { env }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  )
}

const toParams = (name: string) => ({ params: { environment: 'prod', name } })

/** An API that answers with a secret. */
async function publishSecret(client: Client): Promise<void> {
  await client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
  await client.ask('putSecret', { ...toParams('A'), body: { value: 'first' } })
  const body = { policies: [{ policy: 'respond', options: { body: '${secret:A}' } }] }
  await client.ask('putApi', { params: { team: 'main', id: 'all' }, body })
  await client.ask('publish', { params: { environment: 'prod', team: 'main', id: 'all' }, body: {} })
}

describe('the key of secrets on a full disk', () => {
  let folder: string
  let isMounted = false
  let plane: RunningControlPlane

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-full-'))
    isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder]).then(
      () => true,
      () => false,
    )
  })
  after(async () => {
    await plane?.kill()
    if (isMounted) await run('umount', [folder])
    rmSync(folder, { recursive: true, force: true })
  })

  const ballast = () => join(folder, 'ballast')
  /** To the last byte. */
  function fill(): void {
    for (let at = 0; ; at++)
      try {
        writeFileSync(`${ballast()}-${at}`, Buffer.alloc(1 << 20))
      } catch {
        return
      }
  }
  function empty(): void {
    for (const name of readdirSync(folder).filter((each) => each.startsWith('ballast'))) rmSync(join(folder, name))
  }

  it('is what it was, says so, and is changed when there is room', async (t) => {
    if (!isMounted) return t.skip('only root can mount a small file system here')
    const data = join(folder, 'data')
    mkdirSync(data, { mode: 0o700 })
    plane = await RunningControlPlane.start({ data })
    const { client, token } = await plane.setUp()
    await publishSecret(client)
    const value = 'x'.repeat(60_000)
    for (let at = 0; at < 20; at++) await client.ask('putSecret', { ...toParams(`B${at}`), body: { value } })
    const file = join(data, 'secret.key')
    const attempt = async (action: string): Promise<string> =>
      await command(action === 'use' ? ['use'] : [action, '--data', data], { url: plane.url, token })
    const restart = async (): Promise<void> => {
      await plane.kill()
      plane = await RunningControlPlane.start({ data })
    }
    for (const [action, refused, done] of [
      ['draw', /ENOSPC/, /has the new key/],
      ['use', /disk of the store is full/, /Everything is sealed/],
      ['forget', /ENOSPC/, /alone/],
    ] as const) {
      const [keys, names] = [readFileSync(file, 'utf8'), readdirSync(data)]
      fill()
      assert.match(await attempt(action), refused)
      assert.equal(readFileSync(file, 'utf8'), keys)
      assert.deepEqual(readdirSync(data), names)
      empty()
      assert.match(await attempt(action), done)
      await restart()
      await until(
        async () => (await get(plane.gateway.port, '/')).body.toString() === 'first' || undefined,
        'the secret',
      )
    }
  })
})

const found = await findPostgres()

describe('the key of secrets of several control planes', { skip: 'missing' in found ? found.missing : false }, () => {
  let server: PostgresServer
  let database: string
  let folder: string
  const controls: RunningControl[] = []

  before(async () => {
    assert.ok('path' in found)
    folder = mkdtempSync(join(tmpdir(), 'gatewright-keys-'))
    server = await PostgresServer.start(found.path)
    database = await server.createDatabase()
  })
  after(async () => {
    for (const control of controls) await control.stop()
    await server?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const toData = (name: string) => join(folder, name)
  async function start(name: string): Promise<RunningControl> {
    const control = await startControl(database, { args: ['--data', toData(name)] })
    controls.push(control)
    return control
  }

  it('is changed while one still has the former: that one keeps nothing under it, serves, and says what to do', async () => {
    let one = await start('one')
    const token = await makeFirstAccount(one.url, one.stderr)
    mkdirSync(toData('two'), { mode: 0o700 })
    copyFileSync(join(toData('one'), 'secret.key'), join(toData('two'), 'secret.key'))
    const two = await start('two')
    const toClient = ({ url }: RunningControl) => new Client({ url, token })
    await publishSecret(toClient(one))
    await toClient(two).ask('putSecret', { ...toParams('B'), body: { value: 'of two' } })
    const draw = ['draw', '--data', toData('one')]
    assert.match(await command(draw, { url: one.url, token }), /new key/)
    const forget = ['forget', '--data', toData('one'), '--database', database]
    // Asked of who has the former alone, it says so by what the next step refuses.
    assert.match(await command(['use'], { url: two.url, token }), /Everything is sealed with the key/)
    assert.match(await command(forget, { url: one.url, token }), /not yet with/)
    await one.stop()
    one = await start('one')
    const both = await Promise.all([0, 1].map(() => command(['use'], { url: one.url, token })))
    for (const said of both) assert.match(said, /Everything is sealed with the key/)
    const refused = /were sealed with the key [0-9a-f]{16}, and this is [0-9a-f]{16}: start with the right one/
    for (const name of ['C', 'A'])
      await assert.rejects(toClient(two).ask('putSecret', { ...toParams(name), body: { value: 'lost' } }), refused)
    await assert.rejects(toClient(two).ask('rotateSecrets', {}), refused)
    await until(
      () => two.stderr.includes('were sealed with the key') || undefined,
      'the log of the one that has the former',
    )
    assert.equal((await toClient(two).ask('listSecrets', { params: { environment: 'prod' } })).body.items.length, 2)
    assert.match(await command(forget, { url: one.url, token }), /alone/)
    await toClient(one).ask('putSecret', { ...toParams('C'), body: { value: 'kept' } })
    await two.stop()
    copyFileSync(join(toData('one'), 'secret.key'), join(toData('two'), 'secret.key'))
    const again = await start('two')
    await toClient(again).ask('putSecret', { ...toParams('A'), body: { value: 'second' } })
    assert.ok(!again.stderr.includes('were sealed with'), again.stderr)
  })
})
