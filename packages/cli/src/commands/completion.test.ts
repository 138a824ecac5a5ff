import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { COMMANDS } from '../commands.ts'
import { runCommand } from '../run-command.fixture.ts'

const print = async (shell: string) => (await runCommand(['completion', shell])).stdout
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

describe('completion', () => {
  it('of bash offers commands, and the options of each', { skip: !has('bash') }, async () => {
    const script = await print('bash')
    const complete = (...words: string[]) => {
      const asked = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _gatewright; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${asked}`], { encoding: 'utf8' })
      assert.equal(stderr, '')
      return stdout.split('\n').filter((line) => line !== '')
    }
    assert.deepEqual(complete('gatewright', 'val'), ['validate'])
    for (const name of COMMANDS.keys()) assert.ok(complete('gatewright', '').includes(name), name)
    assert.deepEqual(complete('gatewright', 'apply', '--d'), ['--dry-run'])
    assert.deepEqual(complete('gatewright', 'pull', 'dir', '--fo'), ['--force'])
    assert.deepEqual(complete('gatewright', 'publish', '--to', '--'), [], 'a value stands there')
    assert.deepEqual(complete('gatewright', 'nothing', '--'), [])
  })

  for (const shell of ['zsh', 'fish']) {
    it(`of ${shell} knows every command and option, and can be read`, async () => {
      const script = await print(shell)
      for (const [name, { load }] of COMMANDS) {
        assert.ok(script.includes(name))
        for (const option of Object.keys((await load()).options)) {
          assert.ok(script.includes(shell === 'fish' ? `-l ${option}` : `--${option}[`), `${name} ${option}`)
        }
      }
      if (!has(shell)) return
      assert.equal(spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' }).stderr, '')
    })
  }

  it('of another shell is refused', async () => {
    assert.equal((await runCommand(['completion', 'csh'])).code, 2)
  })
})
