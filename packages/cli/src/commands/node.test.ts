import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createFolder } from '../run-command.fixture.ts'

const bin = fileURLToPath(new URL('../../bin/gatewright.js', import.meta.url))
const isLinux = process.platform === 'linux'

/** Of a control plane that nobody is. */
function spawnNode(folder: string, data: string, name: string): ChildProcess {
  const args = [bin, 'node', '--control', 'http://127.0.0.1:1', '--token-file', join(folder, 'token')]
  return spawn(process.execPath, [...args, '--data', data, '--name', name], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

describe('nodes', { timeout: 60_000 }, () => {
  it('do not share a folder, and the second one says so', { skip: !isLinux && 'needs abstract sockets' }, async () => {
    const folder = createFolder({ token: `gwn_${'a'.repeat(38)}`, 'data/README': '' })
    const first = spawnNode(folder, join(folder, 'data'), 'first')
    try {
      assert.ok(first.stderr)
      // It asks, so it has opened its folder.
      await once(first.stderr, 'data')
      const second = spawnNode(folder, join(folder, 'data', '..', 'data'), 'second')
      let stderr = ''
      second.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      const [code] = await once(second, 'close')
      assert.equal(code, 1, stderr)
      assert.match(stderr, /cannot start: another node has the folder .*data: end that first, .*--data/)
      assert.equal(first.exitCode, null)
    } finally {
      first.kill('SIGKILL')
      await once(first, 'exit')
    }
  })
})
