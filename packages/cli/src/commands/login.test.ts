import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const stage = await openControlStage()
const env = { XDG_CONFIG_HOME: createFolder() }

describe('login, whoami, logout', () => {
  const file = () => `${env.XDG_CONFIG_HOME}/gatewright/credentials.json`

  it('keeps a token that is good, for its owner alone', async () => {
    const { code, stdout, stderr } = await runCommand(['login', stage.url, '--name', 'here'], {
      env,
      input: `${stage.token}\n`,
    })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Logged in to here as token "tests" of Olga\./)
    assert.equal(statSync(file()).mode & 0o777, 0o600)
    assert.ok(!stdout.includes(stage.token))
    const who = await runCommand(['whoami'], { env })
    assert.match(who.stdout, /^token "tests" of Olga \(\S+\) at here, http:.*\n {2}owner +in every team$/)
  })

  it('knows several by name, and by address', async () => {
    const cwd = createFolder({ token: stage.token })
    const other = stage.url.replace('127.0.0.1', 'localhost')
    await runCommand(['login', other, '--name', 'there', '--token-file', 'token'], { env, cwd })
    for (const [server, name] of [
      ['here', 'here'],
      ['there', 'there'],
      [stage.url, 'here'],
    ] as const) {
      const { stdout } = await runCommand(['whoami', '--json', '--server', server], { env })
      assert.equal(JSON.parse(stdout).server, name)
    }
    assert.equal(JSON.parse((await runCommand(['whoami', '--json'], { env })).stdout).server, 'there')
    assert.match((await runCommand(['whoami', '--server', 'nowhere'], { env })).stderr, /there are here, there\./)
  })

  it('forgets what it is told to forget', async () => {
    assert.equal((await runCommand(['logout', 'there'], { env })).code, 0)
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(file(), 'utf8')).servers), ['here'])
    const { code, stderr } = await runCommand(['whoami'], { env })
    assert.equal(code, 2)
    assert.match(stderr, /gatewright login URL/)
  })

  it('keeps nothing that is not good', async () => {
    const home = { XDG_CONFIG_HOME: createFolder() }
    const { code, stderr } = await runCommand(['login', stage.url], { env: home, input: 'gwp_nobodys' })
    assert.equal(code, 1)
    assert.match(stderr, /^The token is not known there/)
    const plain = await runCommand(['login', stage.url.replace('http:', 'https:')], { env: home, input: 'x' })
    assert.deepEqual([plain.code, /cannot be asked: it speaks http/.test(plain.stderr)], [1, true], plain.stderr)
    assert.equal((await runCommand(['whoami'], { env: home })).code, 2)
    assert.equal((await runCommand(['login', stage.url], { env: home })).code, 2)
    for (const [given, meant] of [
      ['control', 'https://control.example.com'],
      ['localhost:9081', 'http://localhost:9081'],
      ['127.0.0.1:9081', 'http://127.0.0.1:9081'],
      ['gate.example.org', 'https://gate.example.org'],
    ] as const) {
      const told = await runCommand(['login', given], { env: home, input: 'x' })
      assert.equal(told.code, 2)
      assert.ok(told.stderr.includes(`write it as ${meant}. See`), told.stderr)
    }
    assert.equal((await runCommand(['login', `${stage.url}/console`], { env: home, input: 'x' })).code, 2)
  })

  it('says so where nobody answers', async () => {
    const { code, stderr } = await runCommand(['login', 'http://127.0.0.1:1'], { env, input: 'x' })
    assert.equal(code, 1)
    assert.match(stderr, /^http:\/\/127\.0\.0\.1:1 cannot be asked: /)
  })

  it('takes both from the surroundings, and shows the token to nobody else', async () => {
    const own = { XDG_CONFIG_HOME: createFolder(), GATEWRIGHT_SERVER: stage.url, GATEWRIGHT_TOKEN: stage.token }
    assert.equal((await runCommand(['whoami'], { env: own })).code, 0)
    const { code, stderr } = await runCommand(['whoami', '--server', 'https://elsewhere.example'], { env: own })
    assert.equal(code, 2)
    assert.match(stderr, /gatewright login https:\/\/elsewhere\.example/)
  })
})
