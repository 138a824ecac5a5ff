import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import type { Catalogue } from './catalogue.ts'
import { validate } from './validate.ts'

const CATALOGUE: Catalogue = [
  {
    name: 'login',
    phase: 'authenticate',
    options: z.strictObject({ after: z.string().optional(), anonymous: z.boolean().default(false) }).prefault({}),
    openPaths: (options) => {
      const { after } = options as { after?: string }
      return after === undefined ? [] : [after]
    },
  },
  { name: 'either', phase: 'authenticate', options: z.looseObject({}), lists: ['policies'] },
]

function linesOf(members: string): string[] {
  const { draft, sources } = resolveText(`gatewright: 1\napis:\n  - { id: a, upstream: "http://u", ${members} }\n`)
  return toLines(validate(draft, CATALOGUE, { sources })).map((line) => line.replace('/etc/gw/gatewright.yaml:', ''))
}

const LOGIN = '{ policy: login, options: { after: /bye } }'
const ALL = '{ id: all, path: "/{rest+}" }'

describe('a path to which people are led who are logged out', () => {
  for (const [name, members] of [
    ['a route for all', `policies: [${LOGIN}], routes: [${ALL}]`],
    ['a route of its own', `policies: [${LOGIN}], routes: [${ALL}, { path: /bye }]`],
    ['a list of another', `policies: [{ policy: either, options: { policies: [${LOGIN}] } }], routes: [${ALL}]`],
    [
      'another use of the policy',
      `routes: [{ path: /x, policies: [${LOGIN}] }, { path: /bye, policies: [{ policy: login }] }]`,
    ],
  ] as const) {
    it(`is told where it lies behind the policy: ${name}`, () => {
      const lines = linesOf(members)
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', /^\d+:\d+: warning: "login" leads people to \/bye, and refuses them there/)
    })
  }

  for (const [name, members] of [
    ['a route without the policy leads there', `routes: [{ path: /x, policies: [${LOGIN}] }, { path: /bye }]`],
    ['there is a condition', `policies: [{ policy: login, when: 'route.id != "bye"', options: { after: /bye } }]`],
    ['everybody may pass', `policies: [{ policy: login, options: { after: /bye, anonymous: true } }]`],
    ['no route leads there', `policies: [${LOGIN}], routes: [{ path: /x }]`],
    ['nobody is led anywhere', 'policies: [{ policy: login }]'],
  ] as const) {
    it(`is fine where ${name}`, () => assert.deepEqual(linesOf(members), []))
  }
})
