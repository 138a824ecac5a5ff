import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ControlPlane, SqliteStore } from '@gatewright/control-plane'
import { createFolder } from '../run-command.fixture.ts'

const bin = fileURLToPath(new URL('../../bin/gatewright.js', import.meta.url))

/** Resolves when it has ended by itself. */
async function runControl(
  data: string,
  ...more: readonly string[]
): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const port = more.includes('--control-port') ? [] : ['--control-port', '0']
  const args = [bin, 'control', '--data', data, ...port, ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}

describe('a control plane alone', { timeout: 60_000 }, () => {
  it('does not start on a store that a newer version has changed, and says which version does', async () => {
    const data = createFolder()
    const store = await SqliteStore.open({ file: join(data, 'control.db'), onFault: assert.fail })
    await store.write(async ({ db }) => {
      const migrations = { name: '9000-future', done_at: 1 }
      await db
        .insertInto('migrations' as 'set_up')
        .values(migrations as never)
        .execute()
    })
    await store.close()
    const { code, stderr } = await runControl(data)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /cannot start: a newer version of Gatewright has changed this store \(9000-future\): start that/,
    )
  })

  it('does not start on the file of another one, and says what to do', async () => {
    const data = createFolder()
    const settings = { database: join(data, 'control.db'), host: '127.0.0.1', port: 0 }
    const running = await ControlPlane.open(settings, { log: { info() {}, warn() {}, error: assert.fail } })
    try {
      const { code, stderr } = await runControl(data)
      assert.equal(code, 1)
      assert.match(stderr, /cannot start: .*another control plane has it.*end that first.*PostgreSQL/)
    } finally {
      await running.close()
    }
  })

  it('does not start, and does not try again, where it is to listen nowhere', async () => {
    const { code, stderr } = await runControl(createFolder(), '--control-host', 'nowhere.invalid')
    assert.equal(code, 1)
    assert.match(stderr, /cannot start: .*nowhere\.invalid/)
  })

  it('prints the link of the first account with the name that all other links have', async () => {
    for (const [more, expected] of [
      [[], /^ +http:\/\/localhost:\d+\/set-up#/m],
      [['--control-url', 'https://control.example.com'], /^ +https:\/\/control\.example\.com\/set-up#/m],
    ] as const) {
      const args = [bin, 'control', '--data', createFolder(), '--control-port', '0', ...more]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      for await (const text of child.stderr.setEncoding('utf8')) {
        stderr += text
        if (stderr.includes('/set-up#')) child.kill('SIGTERM')
      }
      assert.match(stderr, expected)
    }
  })

  it('does not start on a port that somebody has, and says which option chooses another one', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, stderr } = await runControl(createFolder(), '--control-port', String(port))
    taken.close()
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`cannot start: .*127\\.0\\.0\\.1:${port}.* in use.*--control-port`))
    assert.doesNotMatch(stderr, /EADDRINUSE/)
  })

  it('does not start with what is no certificate, and says which file is none', async () => {
    const data = createFolder({ 'cert.pem': 'none', 'key.pem': 'none' })
    const [cert, key] = [join(data, 'cert.pem'), join(data, 'key.pem')]
    const { code, stderr } = await runControl(data, '--control-tls-cert', cert, '--control-tls-key', key)
    assert.equal(code, 2)
    assert.match(
      stderr,
      /--control-tls-cert \S+cert\.pem and --control-tls-key \S+key\.pem are no certificate and its key/,
    )
  })
})
