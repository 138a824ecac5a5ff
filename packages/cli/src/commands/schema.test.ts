import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createFolder, runCommand } from '../run-command.fixture.ts'

const ownPolicy = fileURLToPath(new URL('../../examples/own-policy/gatewright.yaml', import.meta.url))

function policyNames(text: string): string[] {
  return JSON.parse(text).$defs.PolicyUse.properties.policy.enum
}

describe('schema', () => {
  it('is JSON Schema with every built-in policy', async () => {
    const { code, stdout } = await runCommand(['schema'])
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).$schema, 'https://json-schema.org/draft/2020-12/schema')
    assert.ok(policyNames(stdout).includes('rate-limit'))
    assert.equal(policyNames(stdout).includes('stamp'), false)
  })

  it('knows the policies of an extension, with their options', async () => {
    const { stdout } = await runCommand(['schema', '--config', ownPolicy])
    assert.ok(policyNames(stdout).includes('stamp'))
    assert.deepEqual(JSON.parse(stdout).$defs['options.stamp'].required, ['office'])
  })

  it('writes to a file where that is wanted', async () => {
    const cwd = createFolder()
    const { stdout } = await runCommand(['schema', '--out', 'schema.json'], { cwd })
    assert.equal(stdout, '')
    assert.ok(policyNames(readFileSync(join(cwd, 'schema.json'), 'utf8')).length > 0)
  })

  it('says in one line that a file cannot be written', async () => {
    const cwd = createFolder({ 'a/b': '', file: '' })
    for (const [out, why] of [
      ['nowhere/schema.json', /there is no folder \S+nowhere\./],
      ['a', /it is a folder\./],
      ['file/schema.json', /\S+file is no folder\./],
    ] as const) {
      const { code, stderr } = await runCommand(['schema', '--out', out], { cwd })
      assert.equal(code, 2)
      assert.match(stderr, /^gatewright schema: --out \S+ cannot be written: [^\n]+$/)
      assert.match(stderr, why)
    }
  })

  it('answers 1 where the extension cannot be loaded', async () => {
    const cwd = createFolder({ 'gatewright.yaml': 'gatewright: 1\nextensions: [./gone.js]\n' })
    const { code, stderr } = await runCommand(['schema', '--config', 'gatewright.yaml'], { cwd })
    assert.equal(code, 1)
    assert.match(stderr, /gatewright\.yaml:2:14: fault: .*gone\.js/)
  })
})
