import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { Upstream } from '@gatewright/model'
import { RecordingLog } from '@gatewright/policies/testing'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { TestResponder } from '../ocsp/test-responder.fixture.ts'
import { HealthTable, openHealth } from '../state/health/health-table.ts'
import { PemTable, toPemDescriptor } from '../state/pems/pem-table.ts'
import { LoopbackTarget, toUpstream } from '../upstream/loopback.fixture.ts'
import { type CertificateNews, ServiceHandle } from './service-handle.ts'

const pems = new PemTable().descriptor
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const egress = { deny: [], allow: [] }
const toModel = (upstreams: readonly Upstream[]) => ({ upstreams, egress })

describe('service thread', () => {
  let target: LoopbackTarget
  let service: ServiceHandle
  const log = new RecordingLog()

  beforeEach(async () => {
    target = await LoopbackTarget.listen()
    service = new ServiceHandle(log)
  })
  afterEach(async () => {
    await service.stop()
    await target.close()
  })

  it('shows in shared memory what its probes find, and asks nobody any more when that is not wanted', async () => {
    let status = 500
    target.reply = ({ head }, socket) => {
      assert.match(head, /^GET \/healthz HTTP\/1\.1\r\n/)
      socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    }
    const active = { path: '/healthz', intervalMs: 100, unhealthyAfter: 2, healthyAfter: 1 }
    const upstream = toUpstream({ targets: [target.url], health: { active } })
    const table = new HealthTable()
    table.define(upstream.id, target.url)
    const cell = openHealth(table.descriptor())(upstream.id, target.url)
    service.watch(toModel([upstream]), { health: table.descriptor(), pems })
    while (cell?.isOut === false) await turn()
    assert.ok(target.seen.length >= 2)
    status = 200
    while (cell?.isOut === true) await turn()
    const warned = log.entries.find(({ level }) => level === 'warn')
    assert.deepEqual([warned?.facts.upstream, warned?.facts.status], ['orders', 500])
    status = 500
    while (cell?.isOut === false) await turn()
    service.watch(toModel([]), { health: table.descriptor(), pems })
    while (cell?.isOut === true) await turn()
    assert.equal(cell?.isOut, false)
  })

  it('is not there unless somebody is to be asked', async () => {
    let started = 0
    const count = (): void => void started++
    process.on('worker', count)
    service.watch(toModel([toUpstream({ targets: [target.url] })]), { health: new HealthTable().descriptor(), pems })
    service.watch(toModel([]), { health: new HealthTable().descriptor(), pems })
    await turn()
    process.off('worker', count)
    assert.equal(started, 0)
  })

  it('asks CAs about certificates, is not there for none, and tells what they say of whom they know', async () => {
    const authority = TestAuthority.create()
    const responder = await TestResponder.listen(authority.createIntermediate())
    const { promise: told, resolve } = Promise.withResolvers<CertificateNews>()
    const handle = new ServiceHandle(log, { onNews: resolve })
    let started = 0
    const count = (): void => void started++
    process.on('worker', count)
    try {
      handle.staple([], pems, egress)
      assert.equal(started, 0)
      const { certPem } = responder.issue()
      const order = { chain: 'hash', url: responder.url, from: 'shop.pem' }
      handle.staple([order], toPemDescriptor(new Map([['hash', certPem]])), egress)
      const news = await told
      assert.equal(news.kind, 'staples')
      assert.deepEqual(
        news.kind === 'staples' &&
          news.news.map(({ chain, isRevoked, staple }) => [chain, isRevoked, staple !== undefined]),
        [['hash', false, true]],
      )
      handle.staple([{ ...order }], pems, { ...egress })
      assert.deepEqual([started, responder.asked], [1, 1])
    } finally {
      process.off('worker', count)
      await handle.stop()
      await responder.close()
      authority.remove()
    }
  })

  it('asks no CA at an address that egress denies, and asks as soon as it is allowed', async () => {
    const authority = TestAuthority.create()
    const responder = await TestResponder.listen(authority.createIntermediate())
    const told = Promise.withResolvers<CertificateNews>()
    const denied = Promise.withResolvers<unknown>()
    const telling = { info() {}, error() {}, warn: (_: string, facts?: object) => denied.resolve(facts) }
    const handle = new ServiceHandle(telling, { onNews: told.resolve })
    try {
      const { certPem } = responder.issue()
      const orders = [{ chain: 'hash', url: responder.url, from: 'shop.pem' }]
      const chains = toPemDescriptor(new Map([['hash', certPem]]))
      const deny = ['127.0.0.0/8', '::1']
      handle.staple(orders, chains, { deny, allow: [] })
      assert.match(JSON.stringify(await denied.promise), /is not to be called: `egress` says what is/)
      assert.equal(responder.asked, 0)
      handle.staple(orders, chains, { deny, allow: ['127.0.0.1', '::1'] })
      assert.equal((await told.promise).kind, 'staples')
      assert.equal(responder.asked, 1)
    } finally {
      await handle.stop()
      await responder.close()
      authority.remove()
    }
  })

  it('is not there once it is stopped', async () => {
    const started: Worker[] = []
    const note = (worker: Worker): number => started.push(worker)
    process.on('worker', note)
    try {
      await service.stop()
      const active = { path: '/healthz', intervalMs: 100, unhealthyAfter: 2, healthyAfter: 1 }
      service.watch(toModel([toUpstream({ targets: [target.url], health: { active } })]), {
        health: new HealthTable().descriptor(),
        pems,
      })
      await turn()
      assert.equal(started.length, 0)
    } finally {
      process.off('worker', note)
      for (const worker of started) await worker.terminate()
    }
  })
})
