import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const cwd = createFolder({
  'a.yaml': 'gatewright: 1\nlisteners: [{ id: public, port: 8080 }]\napis: [{ id: a, upstream: http://127.0.0.1:1 }]\n',
  'b.yaml':
    'apis: [{ upstream: http://127.0.0.1:1, id: a }, { id: b, basePath: /b, upstream: http://127.0.0.1:1 }]\ngatewright: 1\nlisteners: [{ id: public, port: 8081 }]\n',
  'faulty.yaml': 'gatewright: 2\n',
})

describe('diff', () => {
  it('says in words what is added and altered', async () => {
    const { code, stdout } = await runCommand(['diff', 'a.yaml', 'b.yaml'], { cwd })
    assert.equal(code, 0)
    assert.equal(stdout, 'listener public: port 8080 → 8081\napi b: added')
  })

  it('finds no difference in another order or spelling', async () => {
    assert.equal((await runCommand(['diff', 'a.yaml', 'a.yaml'], { cwd })).stdout, 'No difference.')
    assert.equal((await runCommand(['diff', 'a.yaml', 'a.yaml', '--json'], { cwd })).stdout, '[]')
  })

  it('names the default that an option had', async () => {
    const folder = createFolder(
      Object.fromEntries(
        ['', ', algorithm: token-bucket'].map((more, index) => [
          `${index}.yaml`,
          `gatewright: 1\npolicies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 1${more} } }]\n`,
        ]),
      ),
    )
    const { stdout } = await runCommand(['diff', '0.yaml', '1.yaml'], { cwd: folder })
    assert.equal(stdout, 'gateway: policy rate-limit: algorithm sliding-window → token-bucket')
  })

  it('prints an array for programs', async () => {
    const { stdout } = await runCommand(['diff', 'a.yaml', 'b.yaml', '--json'], { cwd })
    assert.deepEqual(JSON.parse(stdout)[1], { kind: 'added', subject: 'api b', text: 'added' })
  })

  it('applies overlays to the second, and to the first those that are said to be its', async () => {
    const folder = createFolder({
      'a.yaml': 'gatewright: 1\nlisteners: [{ id: public, port: 8080 }]\n',
      'prod.yaml': 'gatewright: 1\nlisteners: [{ id: public, port: 443 }]\n',
    })
    const overlay = ['--overlay', 'prod.yaml']
    const alone = await runCommand(['diff', 'a.yaml', 'a.yaml', ...overlay], { cwd: folder })
    assert.equal(alone.stdout, 'listener public: port 8080 → 443')
    const both = await runCommand(['diff', 'a.yaml', 'a.yaml', ...overlay, '--overlay-a', 'prod.yaml'], { cwd: folder })
    assert.equal(both.stdout, 'No difference.')
  })

  it('answers 1, with the faults, where one of them could not run', async () => {
    const { code, stderr } = await runCommand(['diff', 'a.yaml', 'faulty.yaml'], { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /faulty\.yaml:1:\d+: fault/)
  })
})
