import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { toTextHash } from '@gatewright/model/runtime'
import { FakeClock, RecordingLog } from '@gatewright/policies/testing'
import { AskGate } from '../certificates/ask-gate.ts'
import { type IssuedCertificate, TestAuthority } from '../certificates/test-authority.fixture.ts'
import { NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import type { AskResponder } from './ask-responder.ts'
import { KeptStaple } from './kept-staple.ts'
import { OcspFault } from './ocsp-fault.ts'
import { toOcspSubject } from './ocsp-subject.ts'
import type { StapleNews } from './staple-order.ts'
import { TestResponder } from './test-responder.fixture.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const DOWN = new OcspFault('nobody is there')

function withoutIssuer(issued: IssuedCertificate): IssuedCertificate {
  const end = '-----END CERTIFICATE-----\n'
  return { ...issued, certPem: issued.certPem.slice(0, issued.certPem.indexOf(end) + end.length) }
}

/** Answers are made beforehand, by the real openssl: its clock is that of the machine, and the test's begins there. */
describe('the staple of a certificate', () => {
  let root: TestAuthority
  let responder: TestResponder
  let shop: IssuedCertificate
  let must: IssuedCertificate
  const kept: KeptStaple[] = []

  before(async () => {
    root = TestAuthority.create()
    responder = await TestResponder.listen(root.createIntermediate())
    shop = responder.issue({ names: ['shop.example'] })
    must = responder.issue({ extensions: ['tlsfeature=status_request'] })
  })
  after(async () => {
    await responder.close()
    root.remove()
  })

  let clock: FakeClock
  let log: RecordingLog
  let news: StapleNews[]
  let asked: number[]
  let next: Uint8Array | Error

  beforeEach(() => {
    clock = new FakeClock(Date.now())
    log = new RecordingLog()
    news = []
    asked = []
    next = DOWN
  })

  const answer = ({ certPem } = shop, args?: readonly string[]): Promise<Buffer> =>
    responder.answer(toOcspSubject(certPem).request, args === undefined ? {} : { args })

  async function keep({ certPem } = shop, given?: AskResponder): Promise<KeptStaple> {
    const order = { chain: toTextHash(certPem), url: 'http://ca.test/', from: 'shop.pem' }
    const beginMs = clock.now()
    const ask: AskResponder = async () => {
      asked.push(clock.now() - beginMs)
      if (next instanceof Error) throw next
      return next
    }
    const parts = {
      ask: given ?? ask,
      gate: new AskGate(1),
      getPem: () => certPem,
      getGuard: () => NO_EGRESS_RULES,
      publish: (each: StapleNews) => news.push(each),
    }
    const staple = new KeptStaple(order, { ...parts, clock, log, random: () => 0.5 })
    kept.push(staple)
    await clock.advance(0)
    return staple
  }

  const said = () => log.entries.map(({ level, message }) => `${level} ${message}`)

  it('is told with its end, and asked for again at half of its life', async () => {
    const der = await answer()
    next = der
    await keep()
    const [first] = news
    assert.equal(first?.chain, toTextHash(shop.certPem))
    assert.equal(first?.staple?.der, der)
    const lifeMs = (first?.staple?.untilMs ?? 0) - clock.now()
    assert.ok(lifeMs > 59 * MINUTE_MS && lifeMs < 61 * MINUTE_MS)
    await clock.advance(lifeMs / 2 - 1)
    assert.equal(asked.length, 1)
    await clock.advance(1)
    assert.equal(asked.length, 2)
    assert.deepEqual(said(), [])
  })

  it('is asked for once a day, however long it counts', async () => {
    next = await answer(shop, ['-ndays', '20'])
    await keep()
    await clock.advance(3 * DAY_MS)
    assert.deepEqual(asked, [0, DAY_MS, 2 * DAY_MS, 3 * DAY_MS])
  })

  it('is asked for ever less often while nobody answers, and told once', async () => {
    await keep()
    await clock.advance(3 * 3_600_000)
    assert.deepEqual(asked.slice(0, 5), [0, 10_000, 30_000, 70_000, 150_000], 'twice as long each time')
    assert.equal((asked.at(-1) ?? 0) - (asked.at(-2) ?? 0), 3_600_000, 'at most an hour')
    assert.deepEqual(said(), ['warn a certificate is shown without a staple'])
    assert.equal(log.entries[0]?.facts.error, 'nobody is there')
    next = await answer(shop, ['-ndays', '1'])
    await clock.advance(3_600_000)
    assert.equal(news.length, 1)
    assert.deepEqual(said().slice(1), ['info a certificate has its staple again'])
  })

  it('stays while nobody answers, until it ends, and that is told', async () => {
    next = await answer()
    await keep()
    next = DOWN
    await clock.advance(59 * MINUTE_MS)
    assert.ok(asked.length > 3)
    assert.equal(news.length, 1, 'nothing is taken back')
    assert.deepEqual(said(), ['warn a staple could not be renewed, and is shown until it ends'])
    await clock.advance(2 * MINUTE_MS)
    assert.deepEqual(said().slice(1), ['warn a certificate is shown without a staple'])
  })

  it('is taken back where the certificate is revoked, and given again where that is', async () => {
    const good = await answer()
    responder.set(shop, 'revoked')
    const revoked = await answer()
    responder.set(shop, 'good')
    next = good
    await keep()
    next = revoked
    await clock.advance(60 * MINUTE_MS)
    assert.deepEqual(news.map(({ staple, isRevoked }) => [staple?.der, isRevoked]).slice(0, 2), [
      [good, false],
      [undefined, true],
    ])
    const errors = log.entries.filter(({ level }) => level === 'error')
    assert.equal(errors.length, 1)
    assert.match(errors[0]?.message ?? '', /is revoked, and is still shown: replace it/)
    assert.deepEqual(errors[0]?.facts, {
      certificate: 'shop.pem',
      responder: 'http://ca.test/',
      revokedAt: '2026-01-01T00:00:00.000Z',
    })
  })

  it('is not replaced by an answer that is older', async () => {
    const older = await answer(shop, ['-nmin', '600'])
    responder.set(shop, 'revoked')
    // Their times are whole seconds.
    while (Date.now() - clock.now() < 1000) await new Promise((resolve) => setImmediate(resolve))
    const newer = await answer(shop, ['-nmin', '600'])
    responder.set(shop, 'good')
    next = newer
    await keep()
    next = older
    await clock.advance(400 * MINUTE_MS)
    assert.ok(asked.length > 1)
    assert.deepEqual(
      news.map(({ isRevoked }) => isRevoked),
      [true],
    )
  })

  it('is none where the answer is garbage, or about another certificate', async () => {
    next = Buffer.from('<html>')
    await keep()
    next = await answer(must)
    await clock.advance(10_000)
    assert.deepEqual(
      log.entries.map(({ facts }) => facts.error),
      ['the answer is no OCSP response', 'the answer is about another certificate'],
    )
    assert.deepEqual(news, [])
  })

  it('is missed loudly where it is a must', async () => {
    await keep(must)
    assert.match(said()[0] ?? '', /^warn a certificate that must be shown with a staple has none/)
  })

  it('is missed as loudly where it is a must and the issuer is not known', async () => {
    await keep(withoutIssuer(must))
    assert.match(String(log.entries[0]?.facts.error), /does not stand behind it/)
    assert.match(said()[0] ?? '', /^warn a certificate that must be shown with a staple has none/)
  })

  it('is not asked for where the issuer is not known, nor of a certificate that has ended', async () => {
    await keep(withoutIssuer(shop))
    assert.match(String(log.entries[0]?.facts.error), /does not stand behind it/)
    assert.equal(said()[0], 'warn a certificate is shown without a staple')
    await keep(responder.issue({ days: -1 }))
    await clock.advance(DAY_MS)
    assert.deepEqual(asked, [])
    assert.equal(clock.pending, 0)
  })

  it('is nobody’s concern once it is stopped, whatever is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    let signal: AbortSignal | undefined
    const staple = await keep(shop, (_, given) => {
      signal = given
      return promise
    })
    staple.stop()
    assert.equal(signal?.aborted, true)
    resolve(await answer())
    await clock.advance(DAY_MS)
    assert.deepEqual([news, said(), clock.pending], [[], [], 0])
  })
})
