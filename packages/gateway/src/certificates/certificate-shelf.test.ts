import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CertificateId } from '@gatewright/model/runtime'
import type { StapleNews } from '../ocsp/staple-order.ts'
import { openPems } from '../state/pems/pem-table.ts'
import { type CertificateBatch, CertificateShelf, NO_BATCH, type ShelvedSource } from './certificate-shelf.ts'

function toBatch(source: string, chain: string): CertificateBatch {
  const certificate = { source: source as CertificateId, names: [`${source}.example`], chain, key: `key of ${chain}` }
  return {
    certificates: [{ ...certificate, from: source, notBeforeMs: 0, notAfterMs: 1, ocspUrl: 'http://ca.test' }],
    pems: new Map([
      [chain, `text of ${chain}`],
      [certificate.key, `text of ${certificate.key}`],
    ]),
  }
}

const toSource = (id: string): ShelvedSource => ({ id: id as CertificateId, ocsp: true })
const toNews = (chain: string): StapleNews => ({
  chain,
  staple: { der: Buffer.from('good'), untilMs: 5 },
  isRevoked: false,
})

describe('the shelf of certificates', () => {
  it('says whether anything changed for threads, and hands the texts out', () => {
    const shelf = new CertificateShelf()
    assert.equal(shelf.setFiles(toBatch('a', 'one'), []), true)
    const { feed } = shelf
    assert.equal(shelf.setFiles(toBatch('a', 'one'), []), false)
    assert.equal(shelf.feed, feed)
    assert.equal(openPems(feed.pems)('one'), 'text of one')
    assert.equal(shelf.setFiles(toBatch('a', 'two'), []), true)
    assert.equal(openPems(shelf.feed.pems)('key of two'), 'text of key of two')
    assert.equal(openPems(feed.pems)('one'), 'text of one', 'who has the feed before can read on')
    assert.deepEqual(shelf.feed.entries, [{ source: 'a', names: ['a.example'], chain: 'two', key: 'key of two' }])
  })

  it('keeps ordered ones beside those of files for as long as the model has them', () => {
    const shelf = new CertificateShelf()
    shelf.setFiles(toBatch('a', 'one'), [toSource('b')])
    assert.equal(shelf.setOrdered('b', toBatch('b', 'two')), true)
    assert.equal(shelf.setFiles(toBatch('a', 'one'), [toSource('b')]), false)
    assert.deepEqual(
      shelf.certificates.map(({ from }) => from),
      ['a', 'b'],
    )
    assert.equal(shelf.setFiles(toBatch('a', 'one'), []), true)
    assert.equal(shelf.feed.entries.length, 1)
  })

  it('drops what a CA said of a certificate with it', () => {
    const shelf = new CertificateShelf()
    shelf.setFiles(toBatch('a', 'one'), [])
    assert.equal(shelf.setStaples([toNews('one')]), true)
    assert.equal(shelf.setStaples([toNews('one')]), false)
    assert.equal(shelf.setStaples([toNews('unknown')]), false)
    assert.deepEqual([...shelf.feed.staples.keys()], ['one'])
    assert.equal(shelf.setFiles(toBatch('a', 'one'), []), false, 'it survives another reading')
    assert.deepEqual(shelf.stapleAges, [{ source: 'a', untilMs: 5, isRevoked: false }])
    assert.equal(shelf.setStaples([{ chain: 'one', staple: undefined, isRevoked: true }]), true)
    assert.deepEqual(shelf.stapleAges, [{ source: 'a', untilMs: 0, isRevoked: true }])
    shelf.setStaples([toNews('one')])
    shelf.setFiles(NO_BATCH, [])
    shelf.setFiles(toBatch('a', 'one'), [])
    assert.equal(shelf.feed.staples.size, 0)
  })

  it('asks a CA once for each chain, and about none of which nobody wants to know', () => {
    const shelf = new CertificateShelf()
    const batch = toBatch('a', 'one')
    shelf.setFiles({ ...batch, certificates: [...batch.certificates, ...batch.certificates] }, [toSource('b')])
    shelf.setOrdered('b', toBatch('b', 'two'))
    shelf.setStaples([toNews('two')])
    const chains = () => shelf.stapleOrders.map(({ chain, url, from }) => [chain, url, from])
    assert.deepEqual(chains(), [
      ['one', 'http://ca.test', 'a'],
      ['two', 'http://ca.test', 'b'],
    ])
    assert.equal(shelf.setFiles(batch, [{ ...toSource('b'), ocsp: false }]), true)
    assert.deepEqual(chains(), [['one', 'http://ca.test', 'a']])
    assert.equal(shelf.feed.staples.size, 0)
    assert.equal(shelf.certificates.length, 2, 'it is shown all the same')
  })
})
