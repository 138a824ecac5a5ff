import assert from 'node:assert/strict'
import crypto, { hash } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { describe, it } from 'node:test'
import type { Api, Release } from '@gatewright/model'
import { Exchange, GatewayRequest, HeaderList } from '@gatewright/policies'
import { compileReleaseChoice } from './choose-release.ts'

interface Given {
  readonly revision: string
  readonly share?: number
  readonly when?: string
  readonly preview?: Release['preview']
}

const NOW_MS = 1_000
const TOKEN = 'gw_7hT2mQz9LkX4vB8nR1cW6yD3fJ5sP0aE2uG7'

function createChoice(releases: readonly Given[], releaseKey?: string) {
  const api = { id: 'orders', releases: releases as unknown as Release[], ...(releaseKey && { releaseKey }) }
  const choose = compileReleaseChoice(api as unknown as Api, { variables: { region: 'eu' }, now: () => NOW_MS })
  return (address: string, headers: Readonly<Record<string, string>> = {}): string => {
    const request = new GatewayRequest({
      method: 'GET',
      rawTarget: '/',
      path: '/',
      search: '',
      headers: HeaderList.of(Object.entries(headers)),
    })
    const exchange = new Exchange({
      id: 'x',
      client: { address, port: 1 } as never,
      request,
      signal: new AbortController().signal,
      route: { api: 'orders', route: '', template: '' },
      receivedAtMs: 0,
    } as never)
    return releases[choose?.(exchange) ?? 0]?.revision ?? ''
  }
}

const address = (index: number): string => `192.0.${index >> 8}.${index & 255}`
const CROWD = 20_000

function count(choose: (address: string) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < CROWD; i++) {
    const revision = choose(address(i))
    counts[revision] = (counts[revision] ?? 0) + 1
  }
  return counts
}

describe('the choice of a release', () => {
  it('is none where there is one', () => {
    assert.equal(
      compileReleaseChoice({ id: 'a', releases: [{ revision: 'v1' }] } as unknown as Api, {
        variables: {},
        now: () => NOW_MS,
      }),
      undefined,
    )
  })

  it('gives each its share of the clients', () => {
    const counts = count(
      createChoice([
        { revision: 'v1', share: 89.5 },
        { revision: 'v2', share: 10 },
        { revision: 'v3', share: 0.5 },
      ]),
    )
    // Five standard deviations of a fair coin.
    for (const [revision, share] of [
      ['v1', 0.895],
      ['v2', 0.1],
      ['v3', 0.005],
    ] as const) {
      const spread = 5 * Math.sqrt(CROWD * share * (1 - share))
      assert.ok(Math.abs((counts[revision] ?? 0) - CROWD * share) < spread, `${revision}: ${counts[revision]}`)
    }
  })

  it('gives none to a release without a share, and all to one that has them', () => {
    assert.deepEqual(
      count(
        createChoice([
          { revision: 'v1', share: 100 },
          { revision: 'v2', share: 0 },
        ]),
      ),
      { v1: CROWD },
    )
    assert.deepEqual(
      count(
        createChoice([
          { revision: 'v1', share: 0 },
          { revision: 'v2', share: 100 },
        ]),
      ),
      { v2: CROWD },
    )
  })

  it('keeps a client where it is, also when the share of its release grows', () => {
    const few = createChoice([
      { revision: 'v1', share: 90 },
      { revision: 'v2', share: 10 },
    ])
    const more = createChoice([
      { revision: 'v1', share: 60 },
      { revision: 'v2', share: 40 },
    ])
    for (let i = 0; i < 1_000; i++) {
      assert.equal(few(address(i)), few(address(i)))
      if (few(address(i)) === 'v2') assert.equal(more(address(i)), 'v2')
    }
  })

  it('takes all addresses of a network of IPv6 for one client', () => {
    const choose = createChoice([
      { revision: 'v1', share: 50 },
      { revision: 'v2', share: 50 },
    ])
    const chosen = new Set(Array.from({ length: 64 }, (_, i) => choose(`2001:db8:1:2::${i.toString(16)}`)))
    assert.equal(chosen.size, 1)
  })

  it('goes by the key that the file says, and by the address where there is none', () => {
    const choose = createChoice(
      [
        { revision: 'v1', share: 50 },
        { revision: 'v2', share: 50 },
      ],
      '"x-user" in request.headers ? request.headers["x-user"] : ""',
    )
    const chosen = new Set(Array.from({ length: 64 }, (_, i) => choose(address(i), { 'X-User': 'ann' })))
    assert.equal(chosen.size, 1)
    assert.equal(new Set(Array.from({ length: 64 }, (_, i) => choose(address(i)))).size, 2)
    const failing = createChoice(
      [
        { revision: 'v1', share: 50 },
        { revision: 'v2', share: 50 },
      ],
      'request.headers["x-user"]',
    )
    assert.equal(new Set(Array.from({ length: 64 }, (_, i) => failing(address(i)))).size, 2)
  })

  it('asks conditions first, in their order', () => {
    const choose = createChoice([
      { revision: 'v1', share: 100 },
      { revision: 'v2', when: '"x-canary" in request.headers && request.headers["x-canary"] == "1"' },
      { revision: 'v3', when: 'client.address.startsWith("192.0.0.") && variables.region == "eu"' },
    ])
    assert.equal(choose('198.51.100.1'), 'v1')
    assert.equal(choose('198.51.100.1', { 'X-Canary': '1' }), 'v2')
    assert.equal(choose('192.0.0.1', { 'X-Canary': '1' }), 'v2')
    assert.equal(choose('192.0.0.1'), 'v3')
  })

  it('is none where a condition fails: that is neither true nor false', () => {
    const choose = createChoice([
      { revision: 'v1', share: 100 },
      { revision: 'v2', when: 'request.headers["x-canary"] == "1"' },
    ])
    assert.throws(() => choose('198.51.100.1'))
  })

  it('is the preview whose token comes, before all else, and none where a token opens nothing', () => {
    const preview = (token: string, expires = NOW_MS + 1) => ({ hash: hash('sha256', token), expires })
    const choose = createChoice([
      { revision: 'v1', share: 100 },
      { revision: 'v2', preview: preview(TOKEN) },
      { revision: 'v3', preview: preview(`${TOKEN}2`) },
      { revision: 'v4', preview: preview(`${TOKEN}3`, NOW_MS) },
      { revision: 'v5', preview: preview('guess') },
      { revision: 'v6', when: 'true' },
    ])
    const chosenBy = (token: string): string => choose('192.0.2.1', { 'Gatewright-Preview': token })
    assert.equal(choose('192.0.2.1'), 'v6')
    assert.deepEqual([chosenBy(TOKEN), chosenBy(`${TOKEN}2`)], ['v2', 'v3'])
    for (const token of ['', 'x', TOKEN.slice(1), `${TOKEN} `, `${TOKEN}, ${TOKEN}`, hash('sha256', TOKEN)]) {
      assert.equal(chosenBy(token), '', token)
    }
    assert.equal(chosenBy(`${TOKEN}3`), '', 'expired')
    assert.equal(chosenBy('guess'), '', 'who wrote it down could not know, and whoever reads the hash can')
  })

  it('compares a token with all, in constant time, wherever it differs', (test) => {
    const choose = createChoice([
      { revision: 'v1', share: 100 },
      { revision: 'v2', preview: { hash: hash('sha256', TOKEN), expires: NOW_MS + 1 } },
      { revision: 'v3', preview: { hash: hash('sha256', 'another'), expires: NOW_MS - 1 } },
    ])
    const compare = test.mock.method(crypto, 'timingSafeEqual')
    syncBuiltinESMExports()
    test.after(() => {
      compare.mock.restore()
      syncBuiltinESMExports()
    })
    for (const token of [TOKEN, `x${TOKEN.slice(1)}`, 'x', '']) {
      compare.mock.resetCalls()
      choose('192.0.2.1', { 'Gatewright-Preview': token })
      assert.equal(compare.mock.callCount(), 2, token)
    }
  })
})
