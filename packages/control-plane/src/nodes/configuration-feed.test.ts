import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toStateHash, toTextHash } from '@gatewright/model'
import { NO_TERMS } from '../publish/live-terms.ts'
import { type Piece, PieceComposer } from '../publish/piece-composer.ts'
import type { Publication } from '../publish/publisher.ts'
import { ConfigurationFeed } from './configuration-feed.ts'

const publish = (
  sequence: number,
  apis: Readonly<Record<string, string>>,
  documents = {},
  secrets = {},
): Publication => {
  const piece = (name: string, named: readonly string[] = []): Piece => {
    const text = JSON.stringify({ gatewright: 1, named, name })
    return {
      name: `${name}.json`,
      text,
      hash: toTextHash(text),
      documents: named,
      secrets: name === 'dev.s' ? ['dev/T'] : [],
    }
  }
  const environments = [...new Set(Object.keys(apis).map((id) => id.split('.')[0] ?? ''))]
  const pieces = [
    ...environments.map((id) => piece(id)),
    ...Object.entries(apis).map(([id, openapi]) => piece(id, openapi === '' ? [] : [openapi])),
    piece('~plans'),
  ]
  return {
    sequence,
    pieces,
    changed: pieces,
    gone: [],
    documents: new Map(Object.entries(documents)),
    secrets: new Map(Object.entries(secrets)),
  }
}
const names = (found: { readonly items: readonly { readonly name: string }[] } | undefined) =>
  found?.items.map(({ name }) => name).toSorted()

describe('what nodes are told of what they are to run', () => {
  it('is nothing before anything is known, all at first, and then what became different', () => {
    const feed = new ConfigurationFeed()
    assert.equal(feed.find({}, undefined), undefined)
    feed.take(publish(1, { 'dev.a': 'x.openapi', 'dev.b': '' }, { 'x.openapi': '{}' }))
    const first = feed.find({}, undefined)
    assert.deepEqual([first?.kind, first?.sequence], ['whole', 1])
    assert.deepEqual(names(first), ['dev.a.json', 'dev.b.json', 'dev.json', 'x.openapi', '~plans.json'])
    assert.equal(first?.hash, toStateHash(new Map(first?.items.map(({ name, text }) => [name, toTextHash(text)]))))
    assert.equal(feed.find({}, first?.hash), undefined)
    feed.take(publish(2, { 'dev.b': '', 'dev.c': '' }))
    const second = feed.find({}, first?.hash)
    assert.deepEqual([second?.kind, names(second)], ['changes', ['dev.c.json']])
    assert.deepEqual(second?.gone.toSorted(), ['dev.a.json', 'x.openapi'])
  })

  it('is all for who has something that nobody remembers', () => {
    const feed = new ConfigurationFeed()
    feed.take(publish(1, { 'dev.a': '' }))
    assert.equal(feed.find({}, 'else')?.kind, 'whole')
  })

  it('is what the group runs', () => {
    const feed = new ConfigurationFeed()
    feed.take(publish(1, { 'dev.a': '', 'prod.a': '', 'prod.shop.a': 'x.openapi' }, { 'x.openapi': '{}' }))
    const list = (scope: object) =>
      names(feed.find(scope, undefined))?.filter((name) => !/^(?:dev|prod|~plans)\.json$/.test(name))
    assert.deepEqual(list({ environments: ['prod'] }), ['prod.a.json', 'prod.shop.a.json', 'x.openapi'])
    assert.deepEqual(list({ apis: ['a'] }), ['dev.a.json', 'prod.a.json'])
    assert.deepEqual(list({ environments: ['prod'], apis: ['shop.a'] }), ['prod.shop.a.json', 'x.openapi'])
    assert.deepEqual(names(feed.find({ environments: ['prod'], apis: [] }, undefined)), ['prod.json', '~plans.json'])
    const prod = feed.find({ environments: ['prod'] }, undefined)?.hash
    feed.take(publish(2, { 'prod.a': '', 'prod.shop.a': 'x.openapi' }, { 'x.openapi': '{}' }))
    assert.equal(feed.find({ environments: ['prod'] }, prod), undefined, 'what others run is no news')
    feed.take(publish(2, { 'dev.~certificates': '', 'prod.~certificates': '', 'prod.b': '' }))
    assert.deepEqual(list({ environments: ['prod'], apis: ['a'] }), ['prod.~certificates.json'])
  })

  it('has the secrets of each file beside it, and others where one has another value', () => {
    const feed = new ConfigurationFeed()
    feed.take(publish(1, { 'dev.s': '', 'dev.a': '' }, {}, { 'dev/T': 'one', 'dev/U': 'other' }))
    const first = feed.find({}, undefined)
    assert.equal(first?.items.find(({ name }) => name === 'dev.s.secrets')?.text, '{"dev/T":"one"}')
    assert.equal(first?.items.filter(({ name }) => name.endsWith('.secrets')).length, 1)
    feed.take(publish(2, { 'dev.s': '', 'dev.a': '' }, {}, { 'dev/T': 'two' }))
    assert.deepEqual(names(feed.find({}, first?.hash)), ['dev.s.secrets'])
  })

  it('has nothing of another environment: no secret, no upstream, and no API that a plan opens there', () => {
    const body = { upstream: 'backend', policies: [{ policy: 'key-auth' }] }
    const api = { team: 'main', id: 'orders', releases: [{ revision: 1, share: 100, body }] }
    const [dev, prod] = ['dev', 'prod'].map((id) => ({
      id,
      body: { upstreams: [{ id: 'own', targets: [`http://${id}.example`] }] },
      apis: [api],
    }))
    assert.ok(dev && prod)
    const shared = {
      targets: ['http://shared.example'],
      auth: { kind: 'basic', username: 'u', password: '${secret:TOKEN}' },
    } as unknown as (typeof NO_TERMS.upstreams)[number]['body']
    const pieces = new PieceComposer().compose({
      environments: [prod, dev],
      terms: {
        ...NO_TERMS,
        plans: [
          { team: 'main', id: 'gold', body: {} },
          { team: 'main', id: 'none', body: { apis: [] } },
        ],
        upstreams: [{ team: 'main', id: 'backend', body: shared }],
      },
    })
    const secrets = { 'dev/TOKEN': 'of-dev', 'prod/TOKEN': 'of-prod' }
    const feed = new ConfigurationFeed()
    feed.take({ ...publish(1, {}, {}, secrets), pieces })
    const told = feed.find({ environments: ['dev'] }, undefined)
    assert.deepEqual(names(told), [
      'dev.json',
      'dev.orders.json',
      'dev.~upstreams.json',
      'dev.~upstreams.secrets',
      '~plans.json',
    ])
    assert.match(JSON.stringify(told), /of-dev/)
    assert.doesNotMatch(JSON.stringify(told), /prod/)
    const plans = JSON.parse(told?.items.find(({ name }) => name === '~plans.json')?.text ?? '').plans
    assert.deepEqual(
      plans.map((plan: { id: string; apis?: { api: string }[] }) => [plan.id, plan.apis?.map((each) => each.api)]),
      [
        ['gold', ['dev.orders']],
        ['gatewright.subscription.suspended', undefined],
        ['gatewright.without.subscription', ['dev.orders']],
      ],
    )
    assert.equal(told?.hash, toStateHash(new Map(told?.items.map(({ name, text }) => [name, toTextHash(text)]))))
    assert.match(JSON.stringify(feed.find({}, undefined)), /of-prod/)
  })

  it('wakes whoever waits', async () => {
    const feed = new ConfigurationFeed()
    const { changed } = feed
    feed.take(publish(1, {}))
    await changed
  })
})
