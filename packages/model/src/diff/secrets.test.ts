import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { resolve } from '../resolve/resolve.ts'
import { Secret } from '../secret.ts'
import type { Catalogue } from '../validate/catalogue.ts'
import { diff, toDiffText } from './diff.ts'

const secret = z.string().transform((text) => new Secret(text))
const CATALOGUE: Catalogue = [
  {
    name: 'login',
    phase: 'authenticate',
    options: z.strictObject({
      user: z.string().default('gateway'),
      password: secret,
      keys: z.array(z.strictObject({ id: z.string(), key: secret })).default([]),
    }),
  },
  { name: 'either', phase: 'authenticate', options: z.looseObject({}), lists: ['policies'] },
]

function read(options: string, policy = 'login') {
  const text = `gatewright: 1\napis: [{ id: a, upstream: "http://u", policies: [{ policy: ${policy}, options: ${options} }] }]\n`
  const { draft } = resolve({ files: [{ path: 'a.yaml', text }], env: () => undefined, readFile: () => undefined })
  return { model: draft, catalogue: CATALOGUE }
}

const tell = (a: string, b: string, policy?: string): string => {
  const changes = diff(read(a, policy), read(b, policy))
  assert.doesNotMatch(JSON.stringify(changes), /hunter|pet/)
  return toDiffText(changes)
}

describe('secrets in a comparison', () => {
  it('are keys of certificates, whoever wrote them there', () => {
    const model = (key: string) => {
      const text = `gatewright: 1\ncertificates: [{ id: a, pem: { cert: c, key: ${key} } }]\n`
      return resolve({ files: [{ path: 'a.yaml', text }], env: () => undefined, readFile: () => undefined }).draft
    }
    const changes = diff(model('hunter2'), model('hunter3'))
    assert.equal(toDiffText(changes), 'certificate a: from.key "[redacted 1]" → "[redacted 2]"')
    assert.doesNotMatch(JSON.stringify(changes), /hunter/)
  })

  it('have changed, and are not shown', () => {
    assert.equal(
      tell('{ password: hunter2 }', '{ password: hunter3 }'),
      'api a: policy login: password "[redacted 1]" → "[redacted 2]"',
    )
    assert.equal(tell('{ password: hunter2 }', '{ password: hunter2 }'), '')
    assert.match(
      tell('{ password: hunter2, keys: [{ id: a, key: pet }] }', '{ password: hunter2, keys: [{ id: a, key: pet2 }] }'),
      /keys −\{"id":"a","key":"\[redacted 2\]"\} \+\{"id":"a","key":"\[redacted 3\]"\}/,
    )
  })

  it('are not shown where the options are wrong', () => {
    assert.equal(
      tell('{ password: hunter2, usr: a }', '{ password: hunter3, usr: a }'),
      'api a: policy login: password "[redacted 1]" → "[redacted 3]"',
    )
  })

  it('stand in no use that is added or removed', () => {
    const one = read('{ password: hunter2 }')
    const none = { ...one, model: { ...one.model, apis: one.model.apis.map((api) => ({ ...api, policies: [] })) } }
    for (const [change] of [diff(none, one), diff(one, none)]) {
      assert.equal(change?.policy, 'login')
      assert.match(JSON.stringify(change), /"password":"\[redacted 1\]"/)
      assert.doesNotMatch(JSON.stringify(change), /hunter/)
    }
  })

  it('in the options of others neither', () => {
    const nested = (password: string) => `{ policies: [{ policy: login, options: { password: ${password} } }] }`
    assert.notEqual(tell(nested('hunter2'), nested('hunter3'), 'either'), '')
    const [change] = diff(read(nested('hunter2'), 'either'), read(nested('hunter3'), 'either'))
    assert.match(JSON.stringify([change?.before, change?.after]), /redacted 1.*redacted 2/)
    assert.equal(tell(nested('hunter2'), nested('hunter2'), 'either'), '')
  })
})
