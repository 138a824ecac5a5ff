import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Lifecycle } from '@gatewright/model'
import { GatewayResponse, HeaderList } from '@gatewright/policies'
import { compileLifecycle } from './compile-lifecycle.ts'

const DEPRECATED: Lifecycle = {
  state: 'deprecated',
  deprecatedAtMs: Date.UTC(2023, 5, 30, 23, 59, 59, 999),
  sunsetAtMs: Date.UTC(2018, 11, 31, 23, 59, 59),
  successor: '/v2',
  link: 'https://a.example/migration',
}

function dress(lifecycle: Lifecycle, headers = HeaderList.of()): Record<string, readonly string[]> {
  const response = new GatewayResponse({ status: 200, headers })
  compileLifecycle(lifecycle)?.dress(response)
  const names = new Set(Array.from(response.headers, ([name]) => name.toLowerCase()))
  return Object.fromEntries([...names].map((name) => [name, response.headers.getAll(name)]))
}

describe('the lifecycle of an API', () => {
  it('is nothing where it says nothing', () => {
    assert.equal(compileLifecycle(undefined), undefined)
  })

  // RFC 9745 §2, RFC 8594 §3, RFC 5829 §3.4: the dates are those of their examples.
  it('is said by the fields of the standards', () => {
    assert.deepEqual(dress(DEPRECATED), {
      deprecation: ['@1688169599'],
      sunset: ['Mon, 31 Dec 2018 23:59:59 GMT'],
      link: [
        '</v2>; rel="successor-version", <https://a.example/migration>; rel="deprecation", <https://a.example/migration>; rel="sunset"',
      ],
    })
    assert.deepEqual(dress({ state: 'deprecated', deprecatedAtMs: 0 }), { deprecation: ['@0'] })
  })

  it('replaces what an upstream says of its end, and leaves its links', () => {
    const headers = HeaderList.of([
      ['Link', '</page/2>; rel="next"'],
      ['Deprecation', 'true'],
    ])
    const fields = dress({ state: 'deprecated', deprecatedAtMs: 1000, successor: '/v2' }, headers)
    assert.deepEqual(fields, {
      link: ['</page/2>; rel="next"', '</v2>; rel="successor-version"'],
      deprecation: ['@1'],
    })
    assert.deepEqual(headers.getAll('link').length, 1, 'a list that answers others too stays as it was')
  })

  it('ends with a problem that says what comes after it', () => {
    assert.equal(compileLifecycle(DEPRECATED)?.retired, undefined)
    const retired = compileLifecycle({ ...DEPRECATED, state: 'retired' })?.retired
    assert.deepEqual([retired?.code, retired?.extensions], ['api-retired', { successor: '/v2' }])
    assert.equal(retired?.detail, 'This API answers no longer. Use /v2. More about it: https://a.example/migration')
    assert.equal(compileLifecycle({ state: 'retired' })?.retired?.detail, 'This API answers no longer.')
  })
})
