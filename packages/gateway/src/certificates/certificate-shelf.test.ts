import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CertificateId } from '@gatewright/model/runtime'
import { openPems } from '../state/pems/pem-table.ts'
import { type CertificateBatch, CertificateShelf, NO_BATCH } from './certificate-shelf.ts'

function toBatch(source: string, chain: string): CertificateBatch {
  const certificate = { source: source as CertificateId, names: [`${source}.example`], chain, key: `key of ${chain}` }
  return {
    certificates: [{ ...certificate, from: source, notBeforeMs: 0, notAfterMs: 1 }],
    pems: new Map([
      [chain, `text of ${chain}`],
      [certificate.key, `text of ${certificate.key}`],
    ]),
  }
}

describe('the shelf of certificates', () => {
  it('says whether anything changed for threads, and hands the texts out', () => {
    const shelf = new CertificateShelf()
    assert.equal(shelf.setFiles(toBatch('a', 'one'), new Set()), true)
    const { feed } = shelf
    assert.equal(shelf.setFiles(toBatch('a', 'one'), new Set()), false)
    assert.equal(shelf.feed, feed)
    assert.equal(openPems(feed.pems)('one'), 'text of one')
    assert.equal(shelf.setFiles(toBatch('a', 'two'), new Set()), true)
    assert.equal(openPems(shelf.feed.pems)('key of two'), 'text of key of two')
    assert.equal(openPems(feed.pems)('one'), 'text of one', 'who has the feed before can read on')
    assert.deepEqual(shelf.feed.entries, [{ source: 'a', names: ['a.example'], chain: 'two', key: 'key of two' }])
  })

  it('keeps ordered ones beside those of files for as long as the model has them', () => {
    const shelf = new CertificateShelf()
    shelf.setFiles(toBatch('a', 'one'), new Set(['b']))
    assert.equal(shelf.setOrdered('b', toBatch('b', 'two')), true)
    assert.equal(shelf.setFiles(toBatch('a', 'one'), new Set(['b'])), false)
    assert.deepEqual(
      shelf.certificates.map(({ from }) => from),
      ['a', 'b'],
    )
    assert.equal(shelf.setFiles(toBatch('a', 'one'), new Set()), true)
    assert.equal(shelf.feed.entries.length, 1)
  })

  it('drops what a CA said of a certificate with it', () => {
    const shelf = new CertificateShelf()
    shelf.setFiles(toBatch('a', 'one'), new Set())
    assert.equal(shelf.setStaple('one', Buffer.from('good')), true)
    assert.equal(shelf.setStaple('one', Buffer.from('good')), false)
    assert.equal(shelf.setStaple('unknown', Buffer.from('good')), false)
    assert.deepEqual([...shelf.feed.staples.keys()], ['one'])
    assert.equal(shelf.setStaple('one', undefined), true)
    shelf.setStaple('one', Buffer.from('good'))
    shelf.setFiles(NO_BATCH, new Set())
    shelf.setFiles(toBatch('a', 'one'), new Set())
    assert.equal(shelf.feed.staples.size, 0)
  })
})
