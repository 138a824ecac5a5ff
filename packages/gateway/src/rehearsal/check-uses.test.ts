import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve, toFindingText } from '@gatewright/model'
import { BUILT_IN_POLICIES, definePolicy, type Policy, z } from '@gatewright/policies'
import { checkUses } from './check-uses.ts'

const TEXT = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies:
      - { policy: stamp }
`

describe('checkUses', () => {
  const { draft, sources } = resolve({
    files: [{ path: 'a.yaml', text: TEXT }],
    env: () => undefined,
    readFile: () => undefined,
  })

  for (const [returned, words] of [
    [undefined, 'nothing'],
    [null, 'nothing'],
    [Promise.resolve(), 'a promise'],
    [{ run() {} }, 'an object'],
  ] as const) {
    it(`finds a policy whose create returns ${words}, at its use`, () => {
      const create = () => returned as unknown as Policy
      const options = z.strictObject({})
      const stamp = definePolicy({ name: 'stamp', phase: 'transform', summary: 'Stamps.', options, create })
      assert.deepEqual(checkUses(draft, [stamp], { sources }).map(toFindingText), [
        `a.yaml:6:9: fault: The policy "stamp" cannot be made of these options: its \`create\` returns ${words}: return a function that takes (exchange, next). (apis[0].policies[0])`,
      ])
    })
  }

  it('finds nothing in one that returns a function', () => {
    const options = z.strictObject({})
    const create = (): Policy => (exchange, next) => next(exchange)
    const stamp = definePolicy({ name: 'stamp', phase: 'transform', summary: 'Stamps.', options, create })
    assert.deepEqual(checkUses(draft, [stamp], { sources }), [])
  })
})

describe('checkUses with policies in the options of others', () => {
  const text = `gatewright: 1
apis:
  - id: a
    upstream: http://127.0.0.1:9001
    policies:
      - policy: any-of
        options:
          policies:
            - { policy: key-auth }
            - policy: jwt
              options: { issuers: [{ issuer: i, audiences: [a], jwksUrl: "https://i.example" }], decryption: [{ algorithm: RSA-OAEP-256, key: short }] }
`

  it('finds one that cannot be made, where it stands', () => {
    const files = [{ path: 'a.yaml', text }]
    const { draft, sources } = resolve({ files, env: () => undefined, readFile: () => undefined })
    assert.deepEqual(checkUses(draft, BUILT_IN_POLICIES, { sources }).map(toFindingText), [
      'a.yaml:10:15: fault: The policy "jwt" cannot be made of these options: decryption[0].key is neither a private key in PEM nor a JWK. (apis[0].policies[0].options.policies[1])',
    ])
  })
})
