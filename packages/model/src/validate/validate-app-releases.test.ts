import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { App, AppId } from '../gateway-model.ts'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

const APPS: readonly App[] = [{ id: 'acme' as AppId, keys: [] }]

interface Given {
  readonly api?: string
  readonly v1?: string
  readonly v2?: string
  readonly more?: string
}

const KEYS = 'policies: [{ policy: key-auth }]'

function resolveReleases({ api = KEYS, v1 = '', v2 = 'apps: [acme]', more = '' }: Given) {
  return resolveText(`gatewright: 1
apis:
  - id: a
    upstream: http://u
    ${api}
    releases:
      - { revision: v1, ${v1} }
      - { revision: v2, ${v2} }
${more}`)
}

function check(given: Given): string[] {
  const { draft, sources, findings } = resolveReleases(given)
  const all = [...findings, ...validate(draft, TEST_CATALOGUE, { sources, apps: APPS })]
  return toLines(all).map((line) => line.replace('/etc/gw/gatewright.yaml:', ''))
}

describe('releases for chosen apps', () => {
  it('leave all shares to the others', () => {
    const { draft } = resolveReleases({})
    assert.deepEqual(
      draft.apis[0]?.releases.map(({ revision, share, apps }) => ({ revision, share, apps })),
      [
        { revision: 'v1', share: 100, apps: undefined },
        { revision: 'v2', share: undefined, apps: ['acme'] },
      ],
    )
    assert.deepEqual(check({}), [])
  })

  it('may have a share of the others, or a condition, too', () => {
    assert.deepEqual(check({ v1: 'share: 90', v2: 'share: 10, apps: [acme]' }), [])
    assert.deepEqual(check({ v2: 'when: "true", apps: [acme]' }), [])
    assert.match(check({ v1: 'share: 90', v2: 'apps: [acme]' }).join(), /are 90 together, not 100/)
  })

  it('name each app once, and apps that are there, unless a token may name them', () => {
    assert.deepEqual(check({ more: '      - { revision: v3, apps: [acme, nobody] }' }), [
      '9:32: fault: The app "acme" gets the release "v2" of the API "a" already. (apis[0].releases[2].apps[0])',
      '9:38: warning: There is no app "nobody" in `apps`: it could only come from a token or another service. (apis[0].releases[2].apps[1])',
    ])
  })

  it('need callers that are known, in the same way in every release', () => {
    assert.deepEqual(check({ api: 'basePath: /a' }), [
      '7:9: fault: The release "v1" authenticates nobody, and the API "a" has a release for chosen apps. (apis[0].releases[0])',
    ])
    const own = `, ${KEYS}`
    assert.deepEqual(check({ api: 'basePath: /a', v1: KEYS, v2: `apps: [acme]${own}` }), [])
    assert.deepEqual(check({ v2: 'apps: [acme], policies: [{ policy: key-auth, options: { name: X-Other } }]' }), [
      '8:9: fault: The release "v2" authenticates otherwise than the release "v1" (/etc/gw/gatewright.yaml:7), and the API "a" has a release for chosen apps. (apis[0].releases[1])',
    ])
  })

  it('need that of every route', () => {
    const routes = (policies: string) => `routes: [{ path: /x }, { id: two, path: /y, ${policies} }]`
    assert.deepEqual(check({ v2: `apps: [acme], ${routes('policies: [{ policy: set-headers }]')}` }), [])
    assert.match(
      check({ v2: `apps: [acme], ${routes(KEYS)}` }).join(),
      /fault: The route "two" of the release "v2" authenticates otherwise than the release "v1"/,
    )
  })

  it('need conditions that ask for no route until the caller is known', () => {
    const when = (condition: string) => `policies: [{ policy: key-auth, when: '${condition}' }]`
    assert.deepEqual(check({ api: when('request.path != "/open"') }), [])
    for (const condition of ['route.id != "open"', 'request.parameters.id != "open"']) {
      assert.match(check({ api: when(condition) }).join(), /fault: The condition of "key-auth" asks for the route/)
    }
  })

  it('need the place of plans behind that', () => {
    const place = (first: string) => `policies: [{ policy: key-auth }, ${first}, { policy: key-auth, id: second }]`
    assert.match(
      check({ api: place('{ policy: plan }') }).join(),
      /fault: The policies of a plan would run before the release of an app is chosen/,
    )
  })
})
