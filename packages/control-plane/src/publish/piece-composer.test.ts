import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, hasFaults, resolve, type SourceFile } from '@gatewright/model'
import { composeFile, toDocumentName } from './compose-file.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import { type LiveTerms, NO_TERMS } from './live-terms.ts'
import { PieceComposer } from './piece-composer.ts'

const HASH = 'ab'.repeat(32)
const DOCUMENT = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: { /two: { get: { responses: {} } } }\n'
const OWN = { path: '/own.yaml', text: 'gatewright: 1\napis: [{ id: own, upstream: "http://own" }]\n' }

function toApi(id: string, team = 'main', title = 'one'): LiveApi {
  const body = { title, basePath: `/${team}/${id}`, upstream: 'backend', document: HASH }
  const canary = { revision: 2, share: 10, body: { ...body, upstream: 'http://127.0.0.1:9009' } }
  const releases = [{ revision: 1, share: id === 'canary' ? 90 : 100, body }]
  return { team, id, releases: id === 'canary' ? [...releases, canary] : releases }
}

function toEnvironments(apis: readonly LiveApi[]): LiveEnvironment[] {
  return [
    { id: 'prod', body: { upstreams: [{ id: 'backend', targets: ['http://127.0.0.1:9002'] }] }, apis },
    {
      id: 'dev',
      body: { pathPrefix: '/dev', upstreams: [{ id: 'backend', targets: ['http://127.0.0.1:9001'] }] },
      apis,
    },
    { id: 'empty', body: {}, apis: [] },
  ]
}

const APIS = [toApi('b'), toApi('canary'), toApi('a', 'shop'), toApi('a')]

const live = (environments: readonly LiveEnvironment[], terms: LiveTerms = NO_TERMS) => ({ environments, terms })

/** What gateways make of it. */
function toModel(published: SourceFile | readonly SourceFile[]): GatewayModel {
  const { draft, findings } = resolve({
    files: [OWN],
    overlays: [published],
    env: () => undefined,
    readFile: (path) => (path === `/${toDocumentName(HASH)}` ? DOCUMENT : undefined),
  })
  assert.equal(hasFaults(findings), false, JSON.stringify(findings))
  return draft
}

describe('what is live, as many files', () => {
  it('is the model that one file is', () => {
    const environments = toEnvironments(APIS)
    const pieces = new PieceComposer().compose(live(environments))
    const whole = { path: '/published.json', text: JSON.stringify(composeFile(environments)), isForeign: true }
    const many = pieces.map(({ name, text }) => ({ path: `/${name}`, text, isForeign: true }))
    assert.deepEqual(toModel(many), toModel(whole))
    assert.deepEqual(
      pieces.map(({ name }) => name),
      [
        'dev.json',
        'empty.json',
        'prod.json',
        ...['dev', 'prod'].flatMap((id) => ['a', 'b', 'canary', 'shop.a'].map((api) => `${id}.${api}.json`)),
      ],
    )
    assert.deepEqual(pieces.find(({ name }) => name === 'dev.a.json')?.documents, [toDocumentName(HASH)])
  })

  it('is that model also with what APIs share and what they are sold by, and follows both', () => {
    const [prod, ...others] = toEnvironments([toApi('b'), toApi('a', 'shop')])
    assert.ok(prod !== undefined)
    const environments = [{ ...prod, body: { policies: [{ policy: 'key-auth' }] } }, ...others]
    const terms = (target: string): LiveTerms => ({
      ...NO_TERMS,
      plans: [{ team: 'shop', id: 'gold', body: { apis: [{ api: 'a' }] } }],
      upstreams: [
        { team: 'main', id: 'backend', body: { targets: [target] } },
        { team: 'shop', id: 'backend', body: { targets: ['http://127.0.0.1:9004'] } },
        { team: 'shop', id: 'unused', body: { targets: ['http://127.0.0.1:9005'] } },
      ],
    })
    const composer = new PieceComposer()
    for (const target of ['http://127.0.0.1:9003', 'http://127.0.0.1:9006']) {
      const pieces = composer.compose(live(environments, terms(target)))
      const text = JSON.stringify(composeFile(environments, terms(target)))
      const many = toModel(pieces.map((piece) => ({ path: `/${piece.name}`, text: piece.text, isForeign: true })))
      assert.deepEqual(many, toModel({ path: '/published.json', text, isForeign: true }))
      assert.deepEqual(
        many.upstreams.map(({ id, targets }) => [id, targets[0]?.url]).filter(([id]) => String(id).startsWith('prod.')),
        [
          ['prod.backend', target],
          ['prod.shop.backend', 'http://127.0.0.1:9004'],
        ],
      )
      assert.ok(many.plans.some(({ id }) => id === 'shop.gold'))
    }
  })

  it('has certificates by environment, with the secrets of that one', () => {
    const certificate = (id: string, environment: string) => ({
      id,
      body: { environment, cert: 'c', key: '${secret:K}' },
    })
    const certificates = [certificate('b', 'prod'), certificate('a', 'prod'), certificate('a', 'dev')]
    const environments = toEnvironments([])
    const pieces = new PieceComposer().compose(live(environments, { ...NO_TERMS, certificates }))
    const own = pieces.filter(({ secrets }) => secrets.length > 0)
    assert.deepEqual(
      own.map(({ name, secrets }) => [name, secrets]),
      [
        ['dev.~certificates.json', ['dev/K']],
        ['prod.~certificates.json', ['prod/K']],
      ],
    )
    const parts = own.flatMap(({ text }) => JSON.parse(text).certificates)
    assert.deepEqual(composeFile(environments, { ...NO_TERMS, certificates }).certificates, parts)
    assert.deepEqual(
      parts.map(({ id }) => id),
      ['dev.a', 'prod.a', 'prod.b'],
    )
  })

  it('is the same piece where nothing changed, and the same text whether or not it was made before', () => {
    const composer = new PieceComposer()
    const environments = toEnvironments(APIS)
    const before = composer.compose(live(environments))
    const changed = toApi('b', 'main', 'two')
    const now = environments.map((each) => ({
      ...each,
      apis: each.apis.map((api) => (api === APIS[0] ? changed : api)),
    }))
    const after = composer.compose(live(now))
    assert.deepEqual(
      after.filter((piece, index) => piece !== before[index]).map(({ name }) => name),
      ['dev.b.json', 'prod.b.json'],
    )
    assert.deepEqual(after, new PieceComposer().compose(live(now)))
  })

  it('is made anew of all APIs of an environment that is another', () => {
    const composer = new PieceComposer()
    const [prod, ...others] = toEnvironments(APIS)
    assert.ok(prod !== undefined)
    composer.compose(live([prod, ...others]))
    const moved = [{ ...prod, body: { ...prod.body, pathPrefix: '/p' } }, ...others]
    assert.deepEqual(composer.compose(live(moved)), new PieceComposer().compose(live(moved)))
  })
})
