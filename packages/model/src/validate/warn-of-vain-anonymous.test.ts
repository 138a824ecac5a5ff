import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

const CATALOGUE: Catalogue = [
  {
    name: 'key-auth',
    phase: 'authenticate',
    options: z
      .strictObject({ name: z.string().default('X-Api-Key'), anonymous: z.boolean().default(false) })
      .prefault({}),
  },
]

function linesOf(api: string, route: string): string[] {
  const text = `gatewright: 1\napis:\n  - { id: a, upstream: "http://u", policies: [${api}],\n      routes: [{ path: /x, policies: [${route}] }] }\n`
  const { draft, sources } = resolveText(text)
  return toLines(validate(draft, CATALOGUE, { sources }))
}

const STRICT = '{ policy: key-auth }'
const OPEN = '{ policy: key-auth, options: { anonymous: true } }'

describe('`anonymous` beside a use that lets nobody pass', () => {
  it('is told with the place of that use, and with what to write instead', () => {
    assert.deepEqual(linesOf(STRICT, OPEN), [
      '/etc/gw/gatewright.yaml:4:81: warning: "key-auth" also runs at /etc/gw/gatewright.yaml:3, and lets nobody pass there without a credential. (apis[0].routes[0].policies[0].options.anonymous)',
    ])
  })

  for (const [name, api, route] of [
    ['the other lets everybody pass too', OPEN, OPEN],
    ['the other looks somewhere else', '{ policy: key-auth, options: { name: X-Other } }', OPEN],
    ['the other has a condition', `{ policy: key-auth, when: 'route.id != "x"' }`, OPEN],
    ['the other is switched off', '{ policy: key-auth, enabled: false }', OPEN],
    ['it is the only one', '', OPEN],
  ] as const) {
    it(`is fine where ${name}`, () => assert.deepEqual(linesOf(api, route), []))
  }
})
