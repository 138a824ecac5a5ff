import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { run } from '../testing/index.ts'
import { securityHeaders } from './security-headers.ts'

type Options = Parameters<typeof run<typeof securityHeaders.options>>[1]

const answering = (...headers: [string, string][]) => ({
  upstream: async () => new GatewayResponse({ status: 200, headers: HeaderList.of(headers) }),
})

describe('security-headers', () => {
  it('sets what suits an API', async () => {
    const { headers } = await run(securityHeaders, {}, answering()).with({ scheme: 'https' })
    assert.deepEqual(
      [...headers],
      [
        ['X-Content-Type-Options', 'nosniff'],
        ['X-Frame-Options', 'DENY'],
        ['Referrer-Policy', 'no-referrer'],
        ['Content-Security-Policy', "frame-ancestors 'none'"],
        ['Strict-Transport-Security', 'max-age=31536000'],
      ],
    )
  })

  it('insists on https only over https (RFC 6797 §7.2)', async () => {
    const { headers } = await run(securityHeaders, {}).with({ scheme: 'http' })
    assert.equal(headers.has('strict-transport-security'), false)
  })

  it('removes what says what runs here', async () => {
    const upstream = answering(['Server', 'nginx/1.2'], ['x-powered-by', 'PHP'], ['X-Kept', '1'])
    const { headers } = await run(securityHeaders, {}, upstream).with()
    assert.deepEqual([headers.has('server'), headers.has('x-powered-by'), headers.get('x-kept')], [false, false, '1'])
  })

  it('replaces what the upstream says, and only narrows its content policy', async () => {
    const upstream = answering(['X-Frame-Options', 'ALLOWALL'], ['Content-Security-Policy', "default-src 'self'"])
    const { headers } = await run(securityHeaders, {}, upstream).with()
    assert.deepEqual(headers.getAll('x-frame-options'), ['DENY'])
    assert.deepEqual(headers.getAll('content-security-policy'), ["default-src 'self'", "frame-ancestors 'none'"])
  })

  it('says what it is told to', async () => {
    const { headers } = await run(securityHeaders, {
      strictTransportSecurity: { maxAgeSeconds: 60, includeSubDomains: true, preload: true },
      frames: 'same-origin',
      referrerPolicy: 'same-origin',
      contentSecurityPolicy: "default-src 'none'",
      permissionsPolicy: 'camera=()',
      crossOriginResourcePolicy: 'same-site',
      crossOriginOpenerPolicy: 'same-origin',
    }).with({ scheme: 'https' })
    assert.equal(headers.get('strict-transport-security'), 'max-age=60; includeSubDomains; preload')
    assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN')
    assert.equal(headers.get('referrer-policy'), 'same-origin')
    assert.deepEqual(headers.getAll('content-security-policy'), ["default-src 'none'", "frame-ancestors 'self'"])
    assert.equal(headers.get('permissions-policy'), 'camera=()')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-site')
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
  })

  it('can be silent about each', async () => {
    const off = {
      strictTransportSecurity: false as const,
      noSniff: false,
      frames: 'any' as const,
      referrerPolicy: false as const,
      remove: [],
    } satisfies Options
    const { headers } = await run(securityHeaders, off, answering(['Server', 'nginx'])).with({ scheme: 'https' })
    assert.deepEqual([...headers], [['Server', 'nginx']])
  })

  it('dresses problems too', async () => {
    const upstream = () => {
      throw new Problem('upstream-unreachable')
    }
    const answer = await run(securityHeaders, {}, { upstream }).with()
    assert.deepEqual([answer.status, answer.headers.get('x-content-type-options')], [502, 'nosniff'])
  })

  it('refuses values that would break a head', () => {
    assert.equal(securityHeaders.options.safeParse({ permissionsPolicy: 'a\r\nb' }).success, false)
  })
})
