import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createSharedRevocations, openRevocations } from './shared-revocations.ts'

const START = Date.UTC(2026, 0, 1)
const SECOND = 1000

function open(cells?: number) {
  const descriptor = createSharedRevocations({ epochMs: START, ...(cells !== undefined && { cells }) })
  return { descriptor, list: openRevocations(descriptor).list('sessions') }
}

describe('what was revoked', () => {
  it('is what began up to that moment, and not what begins afterwards', () => {
    const { list } = open()
    list.revoke('ada', START + 10 * SECOND)
    for (const began of [START - 86_400 * SECOND, START, START + 10 * SECOND])
      assert.equal(list.isRevoked('ada', began), true)
    assert.equal(list.isRevoked('ada', START + 10.1 * SECOND), false)
  })

  it('is nothing of anybody else', () => {
    const { descriptor, list } = open()
    list.revoke('ada', START + 10 * SECOND)
    assert.equal(list.isRevoked('bob', START), false)
    assert.equal(openRevocations(descriptor).list('others').isRevoked('ada', START), false)
  })

  it('stays so when an earlier moment is told later', () => {
    const { list } = open()
    list.revoke('ada', START + 10 * SECOND)
    list.revoke('ada', START + 5 * SECOND)
    assert.equal(list.isRevoked('ada', START + 8 * SECOND), true)
  })

  it('is known at once to everybody who opens the same memory', () => {
    const { descriptor, list } = open()
    const other = openRevocations(descriptor).list('sessions')
    list.revoke('ada', START)
    assert.equal(other.isRevoked('ada', START), true)
  })

  it('is what was revoked before the memory was made, for all that began before it', () => {
    const { list } = open()
    list.revoke('ada', START - 60 * SECOND)
    assert.equal(list.isRevoked('ada', START - 61 * SECOND), true)
    assert.equal(list.isRevoked('ada', START + SECOND), false)
  })

  it('is too much rather than too little when the memory is full, and never what begins afterwards', () => {
    const { list } = open(256)
    for (let i = 0; i < 5000; i++) list.revoke(`made up ${i}`, START + 10 * SECOND)
    for (let i = 0; i < 5000; i++) assert.equal(list.isRevoked(`made up ${i}`, START + 10 * SECOND), true)
    assert.equal(list.isRevoked('a stranger', START + 10 * SECOND), true)
    assert.equal(list.isRevoked('a stranger', START + 11 * SECOND), false)
  })

  it('is rarely too much: of 30 000 keys', () => {
    const { list } = open()
    for (let i = 0; i < 30_000; i++) list.revoke(`known ${i}`, START + SECOND)
    const wrong = Array.from({ length: 30_000 }, (_, i) => list.isRevoked(`stranger ${i}`, START)).filter(
      Boolean,
    ).length
    // (1 − e^(−4 · 30 000 / 2^20))^4 is one in 7 300.
    assert.ok(wrong < 30, `${wrong} strangers`)
  })

  it('is lost by none of several threads that write at once', async () => {
    const { descriptor, list } = open(1024)
    const source = `
      import { workerData } from 'node:worker_threads'
      const { openRevocations } = await import(workerData.module)
      const list = openRevocations(workerData.descriptor).list('sessions')
      for (let i = 0; i < 20_000; i++) list.revoke('key ' + (i % 50), workerData.startMs + i)`
    const workers = Array.from({ length: 3 }, (_, number) => {
      const workerData = {
        descriptor,
        module: new URL('./shared-revocations.ts', import.meta.url).href,
        startMs: START + number * 100_000,
      }
      return new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData })
    })
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))))
    for (let i = 0; i < 50; i++) assert.equal(list.isRevoked(`key ${i}`, START + 200_000 + 19_900), true)
  })
})
