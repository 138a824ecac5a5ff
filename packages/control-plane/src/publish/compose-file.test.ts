import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, hasFaults, resolve } from '@gatewright/model'
import { apiBodySchema } from '../apis/api-body.ts'
import { environmentBodySchema } from '../environments/environment-body.ts'
import { composeFile, toDocumentName } from './compose-file.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'

const HASH = 'ab'.repeat(32)
const DOCUMENT = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\npaths: { /two: { get: { responses: {} } } }\n'

/** What gateways make of it. */
function toModel(environments: readonly LiveEnvironment[]): GatewayModel {
  const { draft, findings } = resolve({
    files: [{ path: '/snapshot.json', text: JSON.stringify(composeFile(environments)) }],
    env: () => undefined,
    readFile: (path) => (path === `/${toDocumentName(HASH)}` ? DOCUMENT : undefined),
  })
  assert.equal(hasFaults(findings), false, JSON.stringify(findings))
  return draft
}

const ORDERS: LiveApi = {
  team: 'main',
  id: 'orders',
  releases: [
    {
      revision: 3,
      share: 100,
      body: {
        title: 'Orders',
        basePath: '/orders',
        upstream: 'backend',
        policies: [{ policy: 'key-auth' }],
        routes: [{ id: 'one', path: '/{id}' }],
      },
    },
  ],
}
const DEV: LiveEnvironment = {
  id: 'dev',
  body: {
    pathPrefix: '/dev',
    hosts: ['api.example.com'],
    variables: { region: 'lab' },
    upstreams: [{ id: 'backend', targets: ['http://127.0.0.1:9001'] }],
    policies: [{ policy: 'security-headers' }],
  },
  apis: [ORDERS],
}
const PROD: LiveEnvironment = {
  id: 'prod',
  body: { upstreams: [{ id: 'backend', targets: ['http://127.0.0.1:9002'] }] },
  apis: [ORDERS],
}

describe('what is live, as a file', () => {
  it('has each API once in each environment, with what is different there', () => {
    const { apis, upstreams } = toModel([PROD, DEV])
    assert.deepEqual(
      apis.map(({ id, environment, basePath, hosts, variables, upstream, policies, title }) => ({
        id,
        environment,
        basePath,
        hosts,
        variables,
        upstream,
        title,
        policies: policies.map(({ policy }) => policy),
      })),
      [
        {
          id: 'dev.orders',
          environment: 'dev',
          basePath: '/dev/orders',
          hosts: ['api.example.com'],
          variables: { region: 'lab' },
          upstream: 'dev.backend',
          title: 'Orders',
          policies: ['security-headers', 'key-auth'],
        },
        {
          id: 'prod.orders',
          environment: 'prod',
          basePath: '/orders',
          hosts: undefined,
          variables: undefined,
          upstream: 'prod.backend',
          title: 'Orders',
          policies: ['key-auth'],
        },
      ],
    )
    assert.deepEqual(
      upstreams.map(({ id, targets }) => [id, targets.map(({ url }) => url)]),
      [
        ['dev.backend', ['http://127.0.0.1:9001']],
        ['prod.backend', ['http://127.0.0.1:9002']],
      ],
    )
  })

  it('has a canary as releases, each with what its revision says, and the rest as most requests have it', () => {
    const canary: LiveApi = {
      team: 'shop',
      id: 'orders',
      releases: [
        { revision: 4, share: 10, body: { title: 'New', document: HASH, upstream: 'http://127.0.0.1:9009' } },
        ...ORDERS.releases.map((release) => ({ ...release, share: 90 })),
        { revision: 5, when: 'request.method == "PUT"', body: { upstream: 'backend', policies: [{ policy: 'cors' }] } },
      ],
    }
    const { apis } = toModel([{ ...PROD, apis: [canary] }])
    const [api] = apis
    assert.deepEqual([api?.id, api?.title, api?.basePath, api?.policies], ['prod.shop.orders', 'Orders', '/orders', []])
    assert.deepEqual(
      api?.releases.map(({ revision, share, when, upstream, policies, routes }) => ({
        revision,
        share,
        when,
        upstream,
        policies: policies.map(({ policy }) => policy),
        routes: routes.map(({ path }) => path),
      })),
      [
        {
          revision: '4',
          share: 10,
          when: undefined,
          upstream: 'http://127.0.0.1:9009',
          policies: [],
          routes: ['/two'],
        },
        {
          revision: '3',
          share: 90,
          when: undefined,
          upstream: 'prod.backend',
          policies: ['key-auth'],
          routes: ['/{id}'],
        },
        {
          revision: '5',
          share: undefined,
          when: 'request.method == "PUT"',
          upstream: 'prod.backend',
          policies: ['cors'],
          routes: ['/', '/{rest+}'],
        },
      ],
    )
  })

  it('is the same text for the same, in whatever order it comes', () => {
    const other: LiveApi = { ...ORDERS, id: 'a' }
    const one = composeFile([{ ...DEV, apis: [ORDERS, other] }, PROD])
    const two = composeFile([PROD, { ...DEV, apis: [other, ORDERS] }])
    assert.equal(JSON.stringify(one), JSON.stringify(two))
  })

  it('is made of bodies that say nothing which the environment or the deployment says', () => {
    assert.equal(apiBodySchema.safeParse(ORDERS.releases[0]?.body).success, true)
    for (const said of [{ id: 'x' }, { environment: 'x' }, { releases: [{ revision: 'a' }] }, { document: 'x.yaml' }])
      assert.equal(apiBodySchema.safeParse(said).success, false, JSON.stringify(said))
    assert.equal(environmentBodySchema.safeParse(DEV.body).success, true)
    for (const pathPrefix of ['dev', '/dev/', '/', '/{a}'])
      assert.equal(environmentBodySchema.safeParse({ pathPrefix }).success, false, pathPrefix)
  })
})
