/** Owns the table of what else a path may mean. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toNormalPath } from './normal-path.ts'

function readingsOf(raw: string): readonly string[] {
  const result = toNormalPath(raw)
  if (typeof result === 'string') return []
  assert.ok(result.kind === 'open', raw)
  return [...result.readings.paths].sort()
}

const READINGS: readonly [raw: string, readings: readonly string[]][] = [
  ['/a/b', []],
  ['/a//b', ['/a/b']],
  ['//a', ['/a']],
  ['/a//', ['/a/']],
  ['/a///b//c', ['/a/b/c']],
  ['/a;x/b', ['/a/b']],
  ['/a;x=1;y=2/b;z', ['/a/b']],
  ['/a%2Fb', ['/a/b']],
  ['/a%2F%2fb', ['/a//b', '/a/b']],
  ['/a%5Cb', ['/a/b']],
  ['/a/..%2Fb', ['/b']],
  ['/a/%2e%2e%2fb', ['/b']],
  ['/a/..;/b', ['/b']],
  ['/a/..;x=%2F/b', ['//b', '/a/..;x=//b', '/a/..;x=/b', '/b']],
  ['/a//../b', ['/b']],
  ['/a/b%2F../c', ['/a/c']],
  ['/%40me', ['/@me']],
  // One decodes `%2F` only, one `%40` only, one both.
  ['/%40a%2Fb', ['/%40a/b', '/@a%2Fb', '/@a/b']],
  // Dropped before decoding, `;%2Fb` is gone; after, only `;` is.
  ['/a;%2Fb', ['/a', '/a/b', '/a;/b']],
  // Nothing is decoded twice, and other escapes are data.
  ['/a%252Fb', []],
  // A parameter to who decodes first.
  ['/a%3Bx', ['/a', '/a;x']],
  ['/a/..%3B/b', ['/a/..;/b', '/b']],
  // Dropped segment by segment, or after slashes are decoded, too.
  ['/a%3Bx%2Fb', ['/a', '/a%3Bx/b', '/a/b', '/a;x%2Fb', '/a;x/b']],
  // A query or a fragment to who decodes before splitting.
  ['/a%3Fx', ['/a']],
  ['/a%23x', ['/a']],
  ['/a%23b%3Fc', ['/a', '/a%23b']],
  ['/a/%2E%2E%3F/b', ['/']],
  ['/a%253Fx', []],
  ['/a%20b%C3%A9', []],
  // Dot segments are resolved again, in what came and in what is forwarded.
  ['/x/a%2Fb/../c', ['/x/a/c']],
]

describe('readings of a path', () => {
  for (const [raw, readings] of READINGS) {
    it(`${raw}: ${readings.join(' ') || 'no other'}`, () => assert.deepEqual(readingsOf(raw), [...readings].sort()))
  }

  it('are normal themselves, so that they can be matched', () => {
    const piece = fc.constantFrom('/', '/', '.', '..', '%2F', '%5C', ';', '%40', '%3A', '%3B', '%3F', '%23', 'a', 'b')
    const raw = fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join('')}`)
    fc.assert(
      fc.property(raw, (raw) => {
        const result = toNormalPath(raw)
        fc.pre(typeof result !== 'string' && result.kind === 'open')
        for (const reading of result.readings.paths) {
          const again = toNormalPath(reading)
          assert.ok(typeof again === 'string' ? again === reading : again.kind === 'refused' || again.path === reading)
          assert.notEqual(reading, result.path)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
