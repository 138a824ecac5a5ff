import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { CertificateId, ListenerTls } from '@gatewright/model/runtime'
import { toTextHash } from '@gatewright/model/runtime'
import type { CertificateBatch } from '../certificates/certificate-shelf.ts'
import { CertificateShelf } from '../certificates/certificate-shelf.ts'
import { listNames } from '../certificates/load-certificates.ts'
import { type IssuedCertificate, TestAuthority } from '../certificates/test-authority.fixture.ts'
import { CertificateStore } from './certificate-store.ts'
import { DemandsTable } from './demands.ts'

const authority = TestAuthority.create()
after(() => authority.remove())

const id = (text: string) => text as CertificateId

function toBatch(issued: Readonly<Record<string, readonly IssuedCertificate[]>>): CertificateBatch {
  const pems = new Map<string, string>()
  const certificates = Object.entries(issued).flatMap(([source, list]) =>
    list.map(({ cert, certPem, keyPem }) => {
      const [chain, key] = [toTextHash(certPem), toTextHash(keyPem)]
      pems.set(chain, certPem).set(key, keyPem)
      const names = listNames(new X509Certificate(certPem))
      return {
        source: id(source),
        names,
        chain,
        key,
        from: cert,
        notBeforeMs: 0,
        notAfterMs: 0,
        ocspUrl: 'http://ca.test',
      }
    }),
  )
  return { certificates, pems }
}

class Stage {
  nowMs = 0
  readonly shelf = new CertificateShelf()
  readonly store = new CertificateStore(randomBytes(48), () => this.nowMs)

  show(issued: Readonly<Record<string, readonly IssuedCertificate[]>>): this {
    this.shelf.setFiles(toBatch(issued), [])
    this.store.replace(this.shelf.feed)
    return this
  }

  choose(name: string | undefined, given: Partial<ListenerTls> = {}) {
    const tls: ListenerTls = { profile: 'intermediate', hosts: [], ...given }
    return this.store.choose(tls, name, new DemandsTable(tls).find(name))
  }
}

const exact = authority.issue({ names: ['shop.example.com'] })
const wildcard = authority.issue({ names: ['*.example.com', 'example.com'] })
const other = authority.issue({ names: ['other.example'], keyType: 'rsa' })

/** Which of them a context shows is not asked of it: one is made for each, and stays. */
function nameIn(stage: Stage, chosen: unknown): string | undefined {
  const known = { 'shop.example.com': 'exact', 'example.com': 'wildcard', 'other.example': 'other' }
  return Object.entries(known).find(([name]) => stage.choose(name)?.context === chosen)?.[1]
}

describe('the certificates of a thread', () => {
  const stage = new Stage().show({ a: [wildcard], b: [exact, other] })
  const named = (name: string | undefined, given?: Partial<ListenerTls>) =>
    nameIn(stage, stage.choose(name, given)?.context)

  it('are found by their own name, then by that of a wildcard for one label', () => {
    assert.equal(named('shop.example.com'), 'exact')
    assert.equal(named('www.example.com'), 'wildcard')
    assert.equal(named('other.example'), 'other')
    assert.equal(stage.choose('a.b.example.com'), undefined)
    assert.equal(stage.choose('unknown.example'), undefined)
    assert.equal(stage.choose(undefined), undefined)
  })

  it('are those that the listener lists', () => {
    assert.equal(named('shop.example.com', { certificates: [id('a')] }), 'wildcard')
    assert.equal(stage.choose('other.example', { certificates: [id('a'), id('none')] })?.staple, undefined)
    assert.equal(stage.choose('other.example', { certificates: [id('none')] }), undefined)
  })

  it('have one for whom no name leads to any: the default, or the only one', () => {
    assert.equal(named(undefined, { defaultCertificate: id('a') }), 'wildcard')
    assert.equal(named('unknown.example', { defaultCertificate: id('b') }), 'exact')
    assert.equal(named('unknown.example', { certificates: [id('a')] }), 'wildcard')
    assert.equal(named('other.example', { defaultCertificate: id('a') }), 'other')
    assert.equal(stage.choose(undefined, { defaultCertificate: id('gone') }), undefined)
  })

  it('are made into a context once for the same demands, and again for others', () => {
    const tls: ListenerTls = { profile: 'intermediate', hosts: [{ names: ['x.example.com'], profile: 'modern' }] }
    const contextOf = (name: string) => stage.choose(name, tls)?.context
    assert.equal(contextOf('w.example.com'), contextOf('www.example.com'))
    assert.equal(contextOf('w.example.com'), stage.choose('example.com')?.context)
    assert.notEqual(contextOf('x.example.com'), contextOf('www.example.com'))
    assert.equal(contextOf('x.example.com'), contextOf('x.example.com'))
  })
})

describe('the contexts of a thread', () => {
  it('stay when others change, and are made anew for a renewed certificate', () => {
    const stage = new Stage().show({ a: [wildcard], b: [exact] })
    const before = [stage.choose('shop.example.com')?.context, stage.choose('example.com')?.context]
    const renewed = authority.issue({ names: ['shop.example.com'] })
    stage.show({ b: [renewed], a: [wildcard], c: [other] })
    const [shop, rest] = [stage.choose('shop.example.com')?.context, stage.choose('example.com')?.context]
    assert.equal(rest, before[1])
    assert.notEqual(shop, before[0])
    stage.show({ a: [wildcard] })
    assert.equal(stage.choose('other.example')?.context, rest, 'the only one is for all')
  })

  it('are made anew for another ticket key', () => {
    const stage = new Stage().show({ a: [exact] })
    const before = stage.choose('shop.example.com')?.context
    stage.store.rotate(randomBytes(48))
    assert.notEqual(stage.choose('shop.example.com')?.context, before)
  })

  it('are no more than 1024: what was not used for longest is made again', () => {
    const stage = new Stage().show({ a: [exact] })
    const tls: ListenerTls = { profile: 'modern', hosts: [] }
    const demands = new DemandsTable(tls).find(undefined)
    const contextOf = (hash: string) => stage.store.choose(tls, 'shop.example.com', { ...demands, hash })?.context
    const [first, second] = [contextOf('0'), contextOf('1')]
    for (let at = 2; at < 1024; at++) contextOf(`${at}`)
    assert.equal(contextOf('0'), first)
    contextOf('1024')
    assert.equal(contextOf('0'), first)
    assert.notEqual(contextOf('1'), second)
  })

  it('show what the CA says of the revocation, and a challenge only to whom it is for', () => {
    const stage = new Stage().show({ a: [exact] })
    const staple = Buffer.from('der')
    const news = { chain: toTextHash(exact.certPem), staple: { der: staple, untilMs: 1000 }, isRevoked: false }
    assert.equal(stage.shelf.setStaples([news]), true)
    stage.store.replace(stage.shelf.feed)
    stage.nowMs = 999
    assert.deepEqual(stage.choose('shop.example.com')?.staple, staple)
    stage.nowMs = 1000
    assert.equal(stage.choose('shop.example.com')?.staple, undefined, 'it has ended')
    stage.store.challenges = {
      http: new Map(),
      alpn: new Map([['shop.example.com', { certificate: other.certPem, key: other.keyPem }]]),
    }
    assert.notEqual(stage.store.chooseChallenge('shop.example.com'), undefined)
    assert.equal(stage.store.chooseChallenge('www.example.com'), undefined)
    assert.equal(stage.store.chooseChallenge(undefined), undefined)
  })
})
