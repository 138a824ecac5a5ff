import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEST_CATALOGUE } from '../testing/catalogue.ts'
import { resolveText, toLines } from '../testing/resolve-text.ts'
import { validate } from './validate.ts'

/** What is warned of in an API with these routes, without the places. */
function warningsOf(routes: string, members = ''): string[] {
  const text = `gatewright: 1\napis:\n  - { id: a, upstream: "http://u", ${members} routes: [${routes}] }\n`
  const { draft, apps, sources, findings } = resolveText(text)
  assert.deepEqual(findings, [])
  return toLines(validate(draft, TEST_CATALOGUE, { sources, apps })).map((line) =>
    line.replace(/^\S+ | \(apis\S+$/g, ''),
  )
}

const OPEN = '{ id: open, path: "/{rest+}" }'
const KEY = 'policies: [{ policy: key-auth }]'

describe('a guard that a trailing slash walks around', () => {
  it('is told with the route that takes the twin', () => {
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, ${OPEN}`), [
      'warning: "/admin/" is matched by the route "open", without "key-auth"; an upstream may take it for "/admin".',
    ])
    assert.deepEqual(warningsOf(`{ id: admin, path: "/admin/{below+}", ${KEY} }, ${OPEN}`), [
      'warning: "/admin" is matched by the route "open", without "key-auth"; an upstream may take it for "/admin/{below+}".',
    ])
    assert.equal(warningsOf(`{ id: one, path: "/users/{id}", ${KEY} }, { path: "/users/{rest+}" }, ${OPEN}`).length, 1)
  })

  it('is none where the twin has the guard, or a route of its own, or nobody takes it', () => {
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, { path: "/{rest+}", ${KEY} }`), [])
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, { path: /admin/, ${KEY} }, ${OPEN}`), [])
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, { path: "/shop/{rest+}" }`), [])
    assert.deepEqual(warningsOf(`{ id: admin, path: /, ${KEY} }, ${OPEN}`), [])
    assert.deepEqual(
      warningsOf(`{ path: /admin, methods: [DELETE], ${KEY} }, { path: "/{rest+}", methods: [GET] }`),
      [],
    )
  })

  it('is none where slashes make no difference, or the whole API is guarded', () => {
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, ${OPEN}`, 'strictSlash: false,'), [])
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin }, ${OPEN}`, `${KEY},`), [])
    assert.deepEqual(warningsOf(`{ id: admin, path: /admin, ${KEY} }, ${OPEN}`, `${KEY},`), [])
    const partly = `policies: [{ policy: key-auth, when: 'route.id == "admin"' }],`
    assert.equal(warningsOf(`{ id: admin, path: /admin, ${KEY} }, ${OPEN}`, partly).length, 1)
  })
})
