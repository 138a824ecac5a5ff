import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { CookieSeal } from './cookie-seal.ts'

const secret = new Secret('a-secret-of-tests-that-is-long-enough')

describe('CookieSeal', () => {
  it('opens what it sealed, and seals nothing twice alike', async () => {
    const seal = new CookieSeal([secret], ['session'])
    const [one, two] = await Promise.all([seal.seal({ a: 'ä' }), seal.seal({ a: 'ä' })])
    assert.notEqual(one, two)
    assert.deepEqual(await seal.open(one), { a: 'ä' })
  })

  it('writes compact JWE with one algorithm, and a header that says nothing else (RFC 7516 §7.1)', async () => {
    const sealed = await new CookieSeal([secret], ['session']).seal({})
    const [header = '', key] = sealed.split('.')
    const { kid, ...others } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, string>
    assert.deepEqual([others, key], [{ alg: 'dir', enc: 'A256GCM' }, ''])
    assert.match(kid ?? '', /^[\w-]{8}$/)
  })

  it('has keys of its own for each context, however its parts are cut', async () => {
    const sealed = await new CookieSeal([secret], ['a', 'bc']).seal({})
    assert.equal(await new CookieSeal([secret], ['ab', 'c']).open(sealed), undefined)
    assert.equal(await new CookieSeal([secret], ['a', 'bc', '']).open(sealed), undefined)
    assert.deepEqual(await new CookieSeal([secret], ['a', 'bc']).open(sealed), {})
  })

  it('opens with any of its secrets, and seals with the first', async () => {
    const newer = new Secret('a-newer-secret')
    const old = await new CookieSeal([secret], []).seal({ of: 'old' })
    const both = new CookieSeal([newer, secret], [])
    assert.deepEqual(await both.open(old), { of: 'old' })
    assert.deepEqual(await new CookieSeal([newer], []).open(await both.seal({ of: 'new' })), { of: 'new' })
  })

  it('opens nothing that was changed, wherever', async () => {
    const seal = new CookieSeal([secret], ['session'])
    const sealed = await seal.seal({ a: 1 })
    for (const [at, part] of sealed.split('.').entries()) {
      const parts = sealed.split('.')
      parts[at] = part === '' ? 'AAAA' : (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
      assert.equal(await seal.open(parts.join('.')), undefined, `part ${at}`)
    }
    for (const text of ['', '.', '....', 'null.....', sealed.slice(1), `${sealed}.`, sealed.repeat(2)])
      assert.equal(await seal.open(text), undefined, text.slice(0, 20))
  })
})
