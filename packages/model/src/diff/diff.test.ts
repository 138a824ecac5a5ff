import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { Secret } from '../secret.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText } from '../testing/resolve-text.ts'
import { diff, toDiffText } from './diff.ts'

function linesOf(before: string, after: string): string[] {
  const [a, b] = [before, after].map((text) => {
    const { draft, apps } = resolveText(`gatewright: 1\n${text}`)
    return { model: draft, apps }
  })
  assert.ok(a && b)
  const text = toDiffText(diff(a, b))
  return text === '' ? [] : text.split('\n')
}

function api(members: string): string {
  return `apis: [{ id: orders, upstream: "http://u", ${members} }]\n`
}

describe('diff', () => {
  it('says nothing about what is written differently and means the same', () => {
    assert.deepEqual(
      linesOf('apis: [{ id: a, basePath: /a }, { id: b }]\n', 'apis: [{ id: b }, { basePath: /a/, id: a }]\n'),
      [],
    )
  })

  it('names what is added and what is removed', () => {
    assert.deepEqual(
      linesOf(
        'listeners: [{ id: a, port: 1 }]\nplans: [{ id: p }]\n',
        'listeners: [{ id: b, port: 1 }]\napis: [{ id: c }]\n',
      ),
      ['listener a: removed', 'listener b: added', 'api c: added', 'plan p: removed'],
    )
  })

  it('says values before and after, by their path', () => {
    assert.deepEqual(
      linesOf(
        'upstreams: [{ id: orders, targets: ["http://a"] }]\n',
        'upstreams: [{ id: orders, targets: ["http://a"], timeouts: { connectMs: 500 }, title: Our orders, breaker: {} }]\n',
      ),
      [
        'upstream orders: timeouts.connectMs 2000 → 500',
        'upstream orders: adds title "Our orders"',
        'upstream orders: adds breaker {"failurePercent":50,"minRequests":20,"windowMs":10000,"ope…',
      ],
    )
  })

  it('says what a list gains and loses', () => {
    assert.deepEqual(linesOf(api('hosts: [a.example, b.example]'), api('hosts: [b.example, c.example]')), [
      'api orders: hosts −a.example +c.example',
    ])
    assert.deepEqual(linesOf(api('hosts: [a.example, b.example]'), api('hosts: [b.example, a.example]')), [
      'api orders: hosts in another order',
    ])
  })

  it('names routes with their API', () => {
    assert.deepEqual(
      linesOf(
        api('routes: [{ id: ping, path: /ping }, { id: old, path: /old }]'),
        api('routes: [{ id: ping, methods: [GET], path: /pong }, { id: new, path: /new }]'),
      ),
      [
        'route orders/old: removed',
        'route orders/ping: path /ping → /pong',
        'route orders/ping: adds methods ["GET"]',
        'route orders/new: added',
      ],
    )
  })

  it('pairs uses of a policy by id, else by name and ordinal', () => {
    assert.deepEqual(
      linesOf(
        api(
          'policies: [{ policy: cors }, { policy: rate-limit, options: { limit: 1 } }, { policy: rate-limit, options: { limit: 9 } }, { policy: cache, id: x }]',
        ),
        api(
          'policies: [{ policy: rate-limit, options: { limit: 2 } }, { policy: rate-limit, options: { limit: 9 } }, { policy: key-auth }, { policy: cache, id: y }]',
        ),
      ),
      [
        'api orders: removes policy cors',
        'api orders: removes policy cache (x)',
        'api orders: policy rate-limit: limit 1 → 2',
        'api orders: adds policy key-auth, after rate-limit #2',
        'api orders: adds policy cache (y), after key-auth',
      ],
    )
  })

  it('says what an option was by default, and that a use was on', () => {
    const [before, after] = ['', ', in: query'].map((more) => {
      const text = `gatewright: 1\npolicies: [{ policy: key-auth, options: { name: X${more} }${more && ', enabled: false'} }]\n`
      return { model: resolveText(text).draft, catalogue: TEST_CATALOGUE }
    })
    assert.ok(before && after)
    assert.deepEqual(toDiffText(diff(before, after)).split('\n'), [
      'gateway: policy key-auth: in header → query',
      'gateway: policy key-auth: enabled true → false',
    ])
    assert.deepEqual(diff(before, before), [])
  })

  it('says when only the order of policies changed', () => {
    assert.deepEqual(
      linesOf(
        api('policies: [{ policy: cors }, { policy: cache }]'),
        api('policies: [{ policy: cache }, { policy: cors }]'),
      ),
      ['api orders: runs policies in another order: cors, cache → cache, cors'],
    )
  })

  it('says what is different of a plan for an app, without its secrets', () => {
    const SIGNED = {
      name: 'sign',
      phase: 'transform',
      options: z.strictObject({ key: z.string().transform((key) => new Secret(key)), bits: z.int().default(8) }),
    } as const
    const catalogue = [...TEST_CATALOGUE, SIGNED]
    const of = (overrides: string) => {
      const text = `gatewright: 1
plans: [{ id: gold, policies: [{ policy: rate-limit, options: { limit: 1 } }, { policy: sign, options: { key: s3cret } }] }]
apps: [{ id: acme, plan: gold, overrides: { gold: ${overrides} } }, { id: b, plan: gold }]
`
      const { draft, apps } = resolveText(text)
      return { model: draft, apps, catalogue }
    }
    const lines = (before: string, after: string) => toDiffText(diff(of(before), of(after))).split('\n')
    assert.deepEqual(lines('{ rate-limit: { limit: 5 } }', '{ rate-limit: { limit: 6, burst: 7 } }'), [
      'plan gold for app acme: rate-limit.limit 5 → 6',
      'plan gold for app acme: adds rate-limit.burst 7',
    ])
    assert.deepEqual(lines('{}', '{ rate-limit: { limit: 5 } }'), [
      'plan gold for app acme: adds rate-limit {"limit":5}',
    ])
    assert.deepEqual(lines('{ sign: { key: hidden1 } }', '{ sign: { key: hidden2, bits: 9 } }'), [
      'plan gold for app acme: sign.key "[redacted 2]" → "[redacted 3]"',
      'plan gold for app acme: adds sign.bits 9',
    ])
  })

  it('names keys by a part of their hash', () => {
    const app = (...hashes: string[]): string =>
      `apps: [{ id: acme, keys: [${hashes.map((hash) => `{ hash: "sha256:${hash.repeat(64)}" }`).join(', ')}] }]\n`
    assert.deepEqual(linesOf(app('a', 'b'), app('b', 'c')), [
      'app acme: removes key aaaaaaaaaaaa…',
      'app acme: adds key cccccccccccc…',
    ])
  })

  it('names users, and tells that a password has changed without its hash', () => {
    const app = (...users: readonly (readonly [name: string, end: string, more?: string])[]): string =>
      `apps: [{ id: acme, users: [${users
        .map(([name, end, more = '']) => `{ name: ${name}, passwordHash: "$2b$12$${end.repeat(53)}"${more} }`)
        .join(', ')}] }]\n`
    const lines = linesOf(
      app(['ann', 'a'], ['ben', 'b'], ['cid', 'c']),
      app(['ann', 'x'], ['cid', 'c', ', enabled: false'], ['dan', 'd']),
    )
    assert.deepEqual(
      lines.map((line) => line.replace(/\b[0-9a-f]{12}\b/g, '#')),
      [
        'app acme: removes user ben',
        'app acme, user ann: password # → #',
        'app acme, user cid: enabled true → false',
        'app acme: adds user dan',
      ],
    )
    assert.doesNotMatch(lines.join(), /xxxx/)
  })

  it('says what changes for the gateway as a whole', () => {
    assert.deepEqual(
      linesOf('variables: { a: x }\npolicies: [{ policy: cors }]\n', 'variables: { a: y }\naccessLog: off\n'),
      ['gateway: variables.a x → y', 'gateway: accessLog stdout → off', 'gateway: removes policy cors'],
    )
  })

  it('carries the values as data', () => {
    const [before, after] = ['1', '2'].map(
      (value) => resolveText(`gatewright: 1\nvariables: { a: "${value}" }\n`).draft,
    )
    assert.ok(before && after)
    assert.deepEqual(diff(before, after), [
      { kind: 'changed', subject: 'gateway', text: 'variables.a 1 → 2', path: 'variables.a', before: '1', after: '2' },
    ])
  })
})
