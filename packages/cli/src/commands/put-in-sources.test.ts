import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

/** Run as a part of an expression, it would be true of everybody. */
const env = { ID: "x' || true || 'a' == 'b", NAME: 'ann' }

const use = (policy: string, options: string) =>
  `gatewright: 1\napis: [{ id: a, upstream: "http://127.0.0.1:1", policies: [{ policy: key-auth }, { policy: ${policy}, options: ${options} }] }]\n`

const validate = (yaml: string) =>
  runCommand(['validate'], { cwd: createFolder({ 'gatewright.yaml': yaml }), env }).then(({ stdout }) => stdout)

describe('what is put into the source of an expression', () => {
  for (const [words, yaml] of [
    ['a condition', use('access', `{ condition: "caller.id == '\${env:ID}'" }`)],
    ['a condition that refuses', use('access', `{ deny: { condition: "caller.id == '\${env:NAME}'" } }`)],
    ['a condition as a whole', use('access', `{ condition: "\${env:NAME}" }`)],
    ['a key of a limit', use('rate-limit', `{ limit: 1, windowSeconds: 1, key: "'\${env:NAME}'" }`)],
    ['a value', use('set-headers', `{ set: { X-A: { cel: "'\${env:NAME}'" } } }`)],
    ['a `when`', use('any-of', `{ policies: [{ policy: key-auth, when: "'\${env:NAME}' == 'a'" }] }`)],
    [
      'a condition in a list of another',
      use('any-of', `{ policies: [{ policy: access, options: { condition: "'\${env:NAME}' == 'a'" } }] }`),
    ],
  ] as const) {
    it(`is a fault, and is not run: ${words}`, async () => {
      const told = await validate(yaml)
      assert.match(
        told,
        /fault: `\$\{env:…\}`, `\$\{file:…\}` and `\$\{secret:…\}` cannot stand inside the source of an expression/,
      )
      assert.match(told, /Put it under `variables:`/)
      assert.equal(told.split('cannot stand inside').length, 2, told)
    })
  }

  it('is none beside it, where texts are read as they are', async () => {
    const sound = use('set-headers', `{ set: { X-A: "\${env:NAME}-\${caller.id}" } }`)
    assert.match(await validate(sound), /No faults/)
  })
})
