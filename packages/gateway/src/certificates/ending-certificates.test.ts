import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listEndingCertificates, SOON_MS } from './ending-certificates.ts'

const NOW_MS = 1_000_000_000_000
const ending = (name: string, inDays: number) => ({ names: [name, 'more'], notAfterMs: NOW_MS + inDays * 86_400_000 })

describe('certificates that end', () => {
  it('are told of from half a month on, the first to end first', () => {
    assert.deepEqual(
      listEndingCertificates([ending('late', 14), { names: ['x'], notAfterMs: NOW_MS + SOON_MS }], NOW_MS),
      [],
    )
    assert.deepEqual(listEndingCertificates([ending('b', 13.5), ending('late', 90), ending('a', -1)], NOW_MS), [
      'the certificate of a has ended',
      'the certificate of b ends in 13 days',
    ])
  })

  it('are counted where they are many', () => {
    const phrases = listEndingCertificates(
      [5, 3, 4, 2, 1].map((days) => ending(`n${days}`, days)),
      NOW_MS,
    )
    assert.equal(phrases.length, 4)
    assert.match(phrases[0] ?? '', /of n1 ends in 1 day/)
    assert.equal(phrases[3], '2 more end soon')
  })
})
