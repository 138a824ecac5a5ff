/** The CEL library is loaded by the first expression that needs it, and by none before. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates are what is tested here.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { compileCondition, compilePattern, compileValue } from '../index.ts'

const VOCABULARY = { names: ['request', 'caller'] }

function isLoaded(name: string): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes(`/@bufbuild/${name}/`))
}

describe('the CEL library', () => {
  it('is not loaded for constants, simple templates, simple conditions and patterns', () => {
    assert.equal(compileValue('plain text, $${escaped}', VOCABULARY)({}), 'plain text, ${escaped}')
    assert.equal(compileValue('user-${caller.id}', VOCABULARY)({ caller: { id: 'ann' } }), 'user-ann')
    assert.equal(
      compileCondition("request.headers['x-a'] == 'b'", VOCABULARY)({ request: { headers: { 'x-a': 'b' } } }),
      true,
    )
    assert.equal(isLoaded('re2'), false)
    compilePattern('a+')
    assert.equal(isLoaded('re2'), true)
    assert.equal(isLoaded('cel'), false)
  })

  it('is loaded for what needs it', () => {
    assert.equal(compileCondition('size(caller.id) == 3', VOCABULARY)({ caller: { id: 'ann' } }), true)
    assert.equal(isLoaded('cel'), true)
  })
})
