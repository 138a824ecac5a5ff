import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const toHash = (key: string) => `sha256:${hash('sha256', key)}`

async function drawKey(): Promise<string> {
  return JSON.parse((await runCommand(['key', 'new', '--app', 'acme', '--json'])).stdout).key
}

describe('key new', () => {
  it('draws a key, and prints what goes into the file: it is one', async () => {
    const { code, stdout, stderr } = await runCommand(['key', 'new', '--app', 'acme'])
    assert.equal(code, 0)
    const [made = '', , ...lines] = stdout.split('\n')
    assert.match(made, /^gw_[0-9A-Za-z]{38}$/)
    assert.match(stderr, /shown this once/)
    const cwd = createFolder({ 'gatewright.yaml': `gatewright: 1\n${lines.join('\n')}\n` })
    const { code: valid } = await runCommand(['validate', '--config', 'gatewright.yaml'], { cwd })
    assert.equal(valid, 0)
    assert.ok(lines.join().includes(toHash(made)))
    assert.ok(!lines.join().includes(made))
  })

  it('never draws the same, and says the same to programs', async () => {
    const one = JSON.parse((await runCommand(['key', 'new', '--app', 'a', '--json'])).stdout)
    const two = JSON.parse((await runCommand(['key', 'new', '--app', 'a', '--json'])).stdout)
    assert.notEqual(one.key, two.key)
    assert.deepEqual(one, { app: 'a', key: one.key, hash: toHash(one.key) })
  })

  it('asks whose it is', async () => {
    for (const args of [[], ['--app', 'a b'], ['--app', '.a'], ['--app', `a", keys: []`]]) {
      const { code, stdout } = await runCommand(['key', 'new', ...args])
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    }
  })
})

describe('key hash', () => {
  it('prints the hash of a key that exists, without the line end behind it', async () => {
    const key = 'f47ac10b-58cc-4372-a567-0e02b2c3d479'
    for (const input of [key, `${key}\n`, `${key}\r\n`]) {
      const { code, stdout } = await runCommand(['key', 'hash'], { input })
      assert.deepEqual([code, stdout], [0, `{ hash: "${toHash(key)}" }`])
    }
    const own = await drawKey()
    const { stdout } = await runCommand(['key', 'hash', '--json'], { input: own })
    assert.deepEqual(JSON.parse(stdout), { hash: toHash(own) })
  })

  it('does not hash what could be guessed from its hash, nor a key of ours with a wrong character', async () => {
    const own = await drawKey()
    for (const [input, why] of [
      ['hunter2', /guessed from its SHA-256.*value: "\$\{env:NAME\}"/],
      [own.slice(0, -1) + (own.endsWith('a') ? 'b' : 'a'), /a character of it is wrong/],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(['key', 'hash'], { input })
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, why)
      assert.ok(!stderr.includes(input))
    }
  })
})

describe('key check', () => {
  it('tells a key of ours, one with a wrong character, and something else', async () => {
    const own = await drawKey()
    for (const [input, is, code] of [
      [own, 'issued', 0],
      [`${own}\n`, 'issued', 0],
      [own.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')), 'misspelt', 1],
      [own.slice(0, -1), 'foreign', 1],
      ['hunter2', 'foreign', 1],
    ] as const) {
      const ran = await runCommand(['key', 'check', '--json'], { input })
      assert.deepEqual([ran.code, JSON.parse(ran.stdout)], [code, { is }])
      assert.match((await runCommand(['key', 'check'], { input })).stdout, /^It (?:is|looks)/)
    }
  })
})

describe('key password', () => {
  it('prints a user with the hash of the password, never the same, which the file takes', async () => {
    const input = 'correct horse battery staple\n'
    const { code, stdout } = await runCommand(['key', 'password', '--user', 'Änn "x"'], { input })
    assert.equal(code, 0)
    assert.match(stdout, /^\{ name: "Änn \\"x\\"", passwordHash: "\$argon2id\$v=19\$m=19456,t=2,p=1\$[^"]+" \}$/)
    assert.notEqual((await runCommand(['key', 'password', '--user', 'Änn "x"'], { input })).stdout, stdout)
    const yaml = `gatewright: 1\napps: [{ id: acme, users: [${stdout}] }]\n`
    const cwd = createFolder({ 'gatewright.yaml': yaml })
    assert.equal((await runCommand(['validate', '--config', 'gatewright.yaml'], { cwd })).code, 0)
    const json = JSON.parse((await runCommand(['key', 'password', '--json'], { input })).stdout)
    assert.deepEqual(Object.keys(json), ['name', 'passwordHash'])
  })

  it('refuses what is guessed whatever it is hashed with, and what no request brings', async () => {
    for (const [input, code] of [
      ['short', 1],
      ['a\tb and more', 2],
      ['x'.repeat(1025), 2],
    ] as const) {
      const { code: answered, stdout, stderr } = await runCommand(['key', 'password'], { input })
      assert.deepEqual([answered, stdout], [code, ''])
      assert.ok(!stderr.includes(input))
    }
  })
})

describe('key', () => {
  it('says what it can do, and that nothing came', async () => {
    assert.match((await runCommand(['key', 'nwe'])).stderr, /"nwe" is none of new, hash, check, password/)
    assert.equal((await runCommand(['key', 'constructor'])).code, 2)
    assert.equal((await runCommand(['key'])).code, 2)
    for (const action of ['hash', 'check', 'password']) {
      const { code, stderr } = await runCommand(['key', action], { input: '\n' })
      assert.equal(code, 2)
      assert.match(stderr, /nothing came from stdin/)
    }
  })
})

describe('an option of another action', () => {
  it('is refused, and not passed over', async () => {
    for (const [action, option, owner] of [
      ['hash', '--app', 'new'],
      ['check', '--app', 'new'],
      ['password', '--app', 'new'],
      ['new', '--user', 'password'],
      ['hash', '--user', 'password'],
    ] as const) {
      const input = 'f47ac10b-58cc-4372-a567-0e02b2c3d479'
      const { code, stdout, stderr } = await runCommand(['key', action, option, 'x'], { input })
      assert.deepEqual([code, stdout], [2, ''], `${action} ${option}`)
      assert.ok(stderr.includes(`${option} belongs to \`key ${owner}\``), stderr)
    }
  })
})
