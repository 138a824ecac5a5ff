import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ControlPlane } from '@gatewright/control-plane'
import { EXIT_CODES } from '../exit-codes.ts'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const LOG = { info() {}, warn() {}, error: assert.fail }
const open = (folder: string): Promise<ControlPlane> =>
  ControlPlane.open({ database: join(folder, 'control.db'), host: '127.0.0.1', port: 0 }, { log: LOG })

describe('backup, restore and move', () => {
  it('bring what a control plane keeps to another folder, from which one starts', async () => {
    const cwd = createFolder()
    const running = await open(cwd)
    try {
      const backedUp = await runCommand(['backup', '--data', '.', '--to', 'a.backup'], { cwd })
      assert.deepEqual(backedUp, { code: EXIT_CODES.ok, stdout: 'Wrote a.backup: 2 rows, up to change 1.', stderr: '' })
      const again = await runCommand(['backup', '--data', '.', '--to', 'a.backup'], { cwd })
      assert.equal(again.code, EXIT_CODES.faults)
      assert.match(again.stderr, /a\.backup is there already/)
      const taken = await runCommand(['restore', 'a.backup', '--data', '.', '--force'], { cwd })
      assert.equal(taken.code, EXIT_CODES.faults)
      assert.match(taken.stderr, /another control plane has it/)
    } finally {
      await running.close()
    }
    const restored = await runCommand(['restore', 'a.backup', '--data', 'new'], { cwd })
    assert.equal(restored.code, EXIT_CODES.ok, restored.stderr)
    assert.match(restored.stdout, /^Restored 2 rows, up to change 1, as they were at 20.*\nThe audit log is whole: 0/)
    const twice = await runCommand(['restore', 'a.backup', '--data', 'new'], { cwd })
    assert.equal(twice.code, EXIT_CODES.faults)
    assert.match(twice.stderr, /a store already, with 1 changes: .*--force/)
    const moved = await runCommand(['move', '--from', 'new', '--to', 'other'], { cwd })
    assert.equal(moved.code, EXIT_CODES.ok, moved.stderr)
    assert.match(moved.stdout, /^Moved 2 rows, up to change 1\./)
    await (await open(join(cwd, 'other'))).close()
  })

  it('say in one line what keeps them from it', async () => {
    const cwd = createFolder()
    const complains = async (line: string, words: RegExp, code: number = EXIT_CODES.faults): Promise<void> => {
      const ran = await runCommand(line.split(' '), { cwd })
      assert.match(ran.stderr, words)
      assert.equal(ran.code, code)
    }
    await complains('backup --data .', /--to FILE/, EXIT_CODES.usage)
    await complains('backup --to a', /name one store/, EXIT_CODES.usage)
    await complains('backup --data . --database postgres://a/b --to a', /name one store/, EXIT_CODES.usage)
    await complains('backup --database mysql://a/b --to a', /postgres:\/\/user@host/, EXIT_CODES.usage)
    await complains('move --from .', /--from DIR\|URL --to DIR\|URL/, EXIT_CODES.usage)
    await complains('backup --data . --to a', /there is no store in .*control\.db/)
    await complains('backup --database postgres://127.0.0.1:1/none --to a', /cannot be reached.*ECONNREFUSED/)
    await complains('restore none --data .', /ENOENT/)
    writeFileSync(join(cwd, 'text'), 'no backup')
    await complains('restore text --data .', /text is no backup of Gatewright/)
    await complains('move --from . --to .', /cannot be moved to where it is/)
    assert.equal(existsSync(join(cwd, 'control.db')), false)
  })
})
