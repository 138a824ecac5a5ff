import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FakeClock, RecordingLog } from '@gatewright/policies/testing'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { EgressGuard } from '../egress/egress-guard.ts'
import { toOcspSubject } from './ocsp-subject.ts'
import { StapleKeeper } from './staple-keeper.ts'
import type { StapleNews, StapleOrder } from './staple-order.ts'
import { TestResponder } from './test-responder.fixture.ts'

describe('the keeper of staples', () => {
  let root: TestAuthority
  let responder: TestResponder
  before(async () => {
    root = TestAuthority.create()
    responder = await TestResponder.listen(root.createIntermediate())
  })
  after(async () => {
    await responder.close()
    root.remove()
  })

  const order = (chain: string, url = 'http://ca.test/'): StapleOrder => ({ chain, url, from: chain })

  it('asks once about what stays, a few at a time, and tells of several together', async () => {
    const issued = Array.from({ length: 10 }, () => responder.issue().certPem)
    // By question: the real openssl takes time that the test's clock knows nothing of.
    const made = new Map<string, Buffer>()
    for (const certPem of issued) {
      const { request } = toOcspSubject(certPem)
      made.set(Buffer.from(request).toString('hex'), await responder.answer(request))
    }
    const clock = new FakeClock(Date.now())
    const told: (readonly StapleNews[])[] = []
    let asked = 0
    let underWay = 0
    let most = 0
    const answers: (() => void)[] = []
    const keeper = new StapleKeeper({
      publish: (news) => told.push(news),
      clock,
      log: new RecordingLog(),
      random: () => 0.5,
      async ask({ request }) {
        asked++
        most = Math.max(most, ++underWay)
        await new Promise<void>((resolve) => answers.push(resolve))
        underWay--
        return made.get(Buffer.from(request).toString('hex')) ?? Buffer.alloc(0)
      },
    })
    const getPem = (at: string): string => issued[Number(at)] ?? ''
    const all = issued.map((_, at) => order(String(at)))
    keeper.keep(all, getPem)
    await clock.advance(0)
    assert.deepEqual([asked, most], [8, 8])
    // Nothing changed; and once more with one less, and one that is to be asked elsewhere.
    keeper.keep([...all], getPem)
    keeper.keep(all.slice(1), getPem)
    keeper.keep([...all.slice(1, 9), order('9', 'http://other.test/')], getPem)
    for (let round = 0; round < 20; round++) {
      for (const answer of answers.splice(0)) answer()
      await clock.advance(500)
    }
    assert.equal(most, 8)
    assert.deepEqual(
      told
        .flat()
        .map(({ chain }) => chain)
        .sort(),
      ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    )
    assert.ok(told.length < 9, 'several together')
    const before = asked
    keeper.keep([...all.slice(1, 9), order('9', 'http://other.test/')], getPem)
    await clock.advance(60_000)
    assert.equal(asked, before)
    keeper.stop()
    assert.equal(clock.pending, 0)
  })

  it('asks by the rules of the moment, and at once whom it could not ask by others', async () => {
    const { certPem } = responder.issue()
    const clock = new FakeClock(Date.now())
    const asked: string[] = []
    const keeper = new StapleKeeper({
      publish() {},
      clock,
      log: new RecordingLog(),
      random: () => 0.5,
      async ask({ url, request, guard }) {
        asked.push(url)
        guard.check(new URL(url).hostname)
        return await responder.answer(request)
      },
    })
    const orders = [order('denied', 'http://192.0.2.1/'), order('permitted', 'http://192.0.2.2/')]
    const keep = (allow: readonly string[]): void =>
      keeper.keep(orders, () => certPem, new EgressGuard({ deny: ['192.0.2.0/24'], allow }))
    keep(['192.0.2.2'])
    for (let at = 0; at < 2; at++) {
      await clock.advance(0)
      await responder.answer(toOcspSubject(certPem).request)
    }
    assert.deepEqual(asked, ['http://192.0.2.1/', 'http://192.0.2.2/'])
    keep(['192.0.2.1'])
    await clock.advance(0)
    assert.deepEqual(asked.slice(2), ['http://192.0.2.1/'])
    keeper.stop()
  })

  it('lets one that never answers hold nobody else up', async () => {
    const { certPem } = responder.issue()
    const clock = new FakeClock(Date.now())
    const asked: string[] = []
    const keeper = new StapleKeeper({
      publish() {},
      clock,
      log: new RecordingLog(),
      random: () => 0.5,
      ask({ url }, signal) {
        asked.push(url)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    const silent = Array.from({ length: 20 }, (_, at) => order(String(at), 'http://silent.test/'))
    keeper.keep([...silent, order('shop')], () => certPem)
    await clock.advance(0)
    assert.deepEqual(asked, [...Array<string>(8).fill('http://silent.test/'), 'http://ca.test/'])
    keeper.stop()
    await clock.advance(0)
    assert.equal(asked.length, 9, 'who waited is called off as well')
  })
})
