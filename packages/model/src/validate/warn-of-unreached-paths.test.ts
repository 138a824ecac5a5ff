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
    options: z.strictObject({ path: z.string().default('/login/callback') }).prefault({}),
    ownPaths: (options) => [(options as { path: string }).path],
  },
  {
    name: 'broken',
    phase: 'authenticate',
    options: z.strictObject({}).prefault({}),
    ownPaths: () => {
      throw new Error('an extension failed')
    },
  },
  { name: 'either', phase: 'authenticate', options: z.looseObject({}), lists: ['policies', 'branches.*.policies'] },
]

const within = (options: string) => `policies: [{ policy: either, options: ${options} }]`
const NESTED = within('{ policies: [{ policy: login }] }')
const DEEPER = within(`{ branches: [{}, { ${NESTED} }] }`)

function linesOf(members: string): string[] {
  const { draft, sources } = resolveText(`gatewright: 1\napis:\n  - { id: a, upstream: "http://u", ${members} }\n`)
  return toLines(validate(draft, CATALOGUE, { sources })).map((line) => line.replace('/etc/gw/gatewright.yaml:', ''))
}

describe('validate, paths that policies answer', () => {
  for (const [name, members] of [
    ['by a route for all', 'policies: [{ policy: login }], routes: [{ path: "/{rest+}" }]'],
    ['by an API without routes of its own', 'policies: [{ policy: login }]'],
    ['by a route of its own', 'policies: [{ policy: login }], routes: [{ path: /x }, { path: /login/callback }]'],
    ['by a name in a template', 'policies: [{ policy: login }], routes: [{ path: "/{a}/callback" }]'],
    ['below the base path', 'basePath: /login, policies: [{ policy: login }], routes: [{ path: /callback }]'],
    [
      'by another use with the same path',
      'routes: [{ path: /x, policies: [{ policy: login }] }, { path: "/login/{rest+}", policies: [{ policy: login }] }]',
    ],
    ['in a list of another', `${NESTED}, routes: [{ path: /login/callback }]`],
    ['in a list deep in another', `${DEEPER}, routes: [{ path: /login/callback }]`],
    [
      'or switched off in a list',
      `${within('{ policies: [{ policy: login, enabled: false }] }')}, routes: [{ path: /x }]`,
    ],
    [
      'or switched off with its list',
      `${NESTED.replace('either,', 'either, enabled: false,')}, routes: [{ path: /x }]`,
    ],
    ['or not asked for', 'routes: [{ path: /x, policies: [{ policy: login, enabled: false }] }]'],
    ['or not told, by an extension that fails', 'routes: [{ path: /x, policies: [{ policy: broken }] }]'],
  ] as const) {
    it(`says nothing where they are reached: ${name}`, () => assert.deepEqual(linesOf(members), []))
  }

  for (const [name, members] of [
    ['no route matches', 'policies: [{ policy: login }], routes: [{ path: /x }]'],
    ['a template is too short', 'policies: [{ policy: login }], routes: [{ path: "/{a}" }]'],
    ['only part of it is matched', 'policies: [{ policy: login }], routes: [{ path: "/login/callback/{rest+}" }]'],
    ['it lies outside of the base path', 'basePath: /shop, policies: [{ policy: login }]'],
    [
      'what matches is without the policy',
      'routes: [{ path: /x, policies: [{ policy: login }] }, { path: /login/callback }]',
    ],
    [
      'what matches is switched off',
      'policies: [{ policy: login }], routes: [{ path: /x }, { path: /login/callback, enabled: false }]',
    ],
    ['it stands in a list of another', `${NESTED}, routes: [{ path: /x }]`],
    ['it stands in a list deep in another', `${DEEPER}, routes: [{ path: /x }]`],
    [
      'what matches has it in no list',
      `routes: [{ path: /x, ${NESTED} }, { path: /login/callback, ${within('{ policies: [] }')} }]`,
    ],
  ] as const) {
    it(`warns once where they are not: ${name}`, () => {
      const [line = '', ...others] = linesOf(members)
      assert.match(line, /warning: "login" answers \/login\/callback, and no route with it leads there\./)
      assert.deepEqual(others, [])
    })
  }

  it('warns at the use itself, where that stands in a list', () => {
    assert.match(
      linesOf(`${DEEPER}, routes: [{ path: /x }]`)[0] ?? '',
      /options\.branches\[1\]\.policies\[0\]\.options\.policies\[0\]\)$/m,
    )
  })
})
