/** Owns what every implementation of ACME's storage promises; each one's test runs it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AcmeLease, AcmeStorage, StoredCertificate, StoredChallenge, StoredFailure } from './acme-storage.ts'

/** Makes a storage that is empty and goes by this clock; what it returns opens another node's view of it. */
export type CreateAcmeStorage = (now: () => number) => Promise<() => Promise<AcmeStorage>>

const START_MS = Date.UTC(2026, 0, 1)

const CERTIFICATE: StoredCertificate = {
  chain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  key: 'a key',
  hosts: ['example.com', '*.example.com'],
  directory: 'https://ca.example/dir',
  obtainedAtMs: START_MS,
  notBeforeMs: START_MS,
  notAfterMs: START_MS + 90 * 86_400_000,
}

const FAILURE: StoredFailure = {
  count: 2,
  message: 'no',
  nextAttemptMs: START_MS + 60_000,
  failedAtMs: [START_MS - 1, START_MS],
  settings: 'abc',
}

const toChallenge = (token: string, expiresAtMs: number): StoredChallenge => ({
  kind: 'http-01',
  host: 'example.com',
  token,
  keyAuthorization: `${token}.thumb`,
  expiresAtMs,
})

export function describeAcmeStorage(name: string, create: CreateAcmeStorage): void {
  describe(`${name} keeps the contract of ACME's storage`, () => {
    describe('values', () => describeValues(create))
    describe('leases', () => describeLeases(create))
  })
}

function describeValues(create: CreateAcmeStorage): void {
  const openTwo = async () => {
    const clock = { nowMs: START_MS }
    const openNode = await create(() => clock.nowMs)
    return { clock, one: await openNode(), two: await openNode() }
  }

  it('finds nothing where nothing was saved', async () => {
    const { one } = await openTwo()
    assert.deepEqual(
      [
        await one.findAccount('x'),
        await one.findCertificate('x'),
        await one.findFailure('x'),
        await one.listChallenges(),
      ],
      [undefined, undefined, undefined, []],
    )
  })

  it('gives back to every node what one saved, and the last of several', async () => {
    const { one, two } = await openTwo()
    await one.saveAccount('a', { key: 'first' })
    await one.saveAccount('a', { key: 'first', url: 'https://ca.example/acct/1', email: 'a@example.com' })
    await one.saveCertificate('a', CERTIFICATE)
    await one.saveFailure('a', FAILURE)
    assert.deepEqual(await two.findAccount('a'), {
      key: 'first',
      url: 'https://ca.example/acct/1',
      email: 'a@example.com',
    })
    assert.deepEqual(await two.findCertificate('a'), CERTIFICATE)
    assert.deepEqual(await two.findFailure('a'), FAILURE)
  })

  it('forgets a failure when it is told to, also where there is none', async () => {
    const { one, two } = await openTwo()
    await one.saveFailure('a', FAILURE)
    await two.saveFailure('a', undefined)
    await two.saveFailure('a', undefined)
    assert.equal(await one.findFailure('a'), undefined)
  })

  it('keeps names apart, whatever they are made of', async () => {
    const { one } = await openTwo()
    const names = ['a', 'A', '../a', 'a/b', 'a b', 'a_b', '.', '', 'ä', 'con', 'x'.repeat(300), `${'x'.repeat(300)}y`]
    for (const name of names) await one.saveAccount(name, { key: name })
    for (const name of names) assert.equal((await one.findAccount(name))?.key, name)
  })

  it('lists the challenges of all nodes until they are removed or expire', async () => {
    const { one, two, clock } = await openTwo()
    await one.putChallenge('1', toChallenge('t1', START_MS + 1000))
    await two.putChallenge('2', toChallenge('t2', START_MS + 5000))
    await two.putChallenge('3', toChallenge('t3', START_MS + 5000))
    const listed = async () => (await one.listChallenges()).map((it) => it.kind === 'http-01' && it.token).sort()
    assert.deepEqual(await listed(), ['t1', 't2', 't3'])
    await one.removeChallenge('3')
    await one.removeChallenge('3')
    clock.nowMs += 1000
    assert.deepEqual(await listed(), ['t2'])
  })
}

function describeLeases(create: CreateAcmeStorage): void {
  const openMany = async () => {
    const clock = { nowMs: START_MS }
    const openNode = await create(() => clock.nowMs)
    const more: AcmeStorage[] = []
    for (let i = 0; i < 6; i++) more.push(await openNode())
    const [one, two] = [await openNode(), await openNode()]
    return { clock, one, two, nodes: [one, two, ...more] }
  }
  const take = async (node: AcmeStorage): Promise<AcmeLease> => {
    const lease = await node.acquire('order', 60_000)
    assert.ok(lease !== undefined)
    return lease
  }

  it('gives it to one of many that ask at once', async () => {
    const { nodes } = await openMany()
    for (let round = 0; round < 10; round++) {
      const leases = await Promise.all(nodes.map((node) => node.acquire('order', 60_000)))
      const held = leases.filter((lease) => lease !== undefined)
      assert.equal(held.length, 1)
      await held[0]?.release()
    }
  })

  it('gives other names to others', async () => {
    const { one, two } = await openMany()
    assert.notEqual(await one.acquire('a', 60_000), undefined)
    assert.notEqual(await two.acquire('b', 60_000), undefined)
    assert.equal(await two.acquire('a', 60_000), undefined)
    assert.equal(await one.acquire('a', 60_000), undefined)
  })

  it('gives a dead node’s to one of many, once it ran out', async () => {
    const { one, two, nodes, clock } = await openMany()
    await one.acquire('order', 60_000)
    for (let round = 0; round < 5; round++) {
      clock.nowMs += 59_999
      assert.equal(await two.acquire('order', 60_000), undefined)
      clock.nowMs += 1
      const leases = await Promise.all(nodes.map((node) => node.acquire('order', 60_000)))
      assert.equal(leases.filter((lease) => lease !== undefined).length, 1)
    }
  })

  it('lets the holder put off its end, and nobody who lost it', async () => {
    const { one, two, clock } = await openMany()
    const lease = await take(one)
    clock.nowMs += 50_000
    assert.equal(await lease.renew(), true)
    clock.nowMs += 50_000
    assert.equal(await two.acquire('order', 60_000), undefined)
    clock.nowMs += 10_000
    const other = await take(two)
    assert.equal(await lease.renew(), false)
    await lease.release()
    assert.equal(await one.acquire('order', 60_000), undefined)
    assert.equal(await other.renew(), true)
  })

  it('cannot put off what ran out, though nobody took it', async () => {
    const { one, clock } = await openMany()
    const lease = await take(one)
    clock.nowMs += 60_000
    assert.equal(await lease.renew(), false)
  })

  it('is free at once when it is released', async () => {
    const { one, two } = await openMany()
    await (await take(one)).release()
    assert.notEqual(await two.acquire('order', 60_000), undefined)
  })
}
