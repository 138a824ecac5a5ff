/** Proves that what was used is used on all threads, until its time has passed and in a fixed size. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createSharedReplays, openReplays } from './shared-replays.ts'

const START = Date.UTC(2026, 0, 1)

function open(slots?: number) {
  const clock = { ms: START }
  const descriptor = createSharedReplays({ epochMs: START, ...(slots !== undefined && { slots }) })
  return { clock, descriptor, list: openReplays(descriptor, () => clock.ms).list('proofs') }
}

describe('what was used', () => {
  it('is used until its time has passed, and then new', () => {
    const { clock, list } = open()
    assert.equal(list.use('a', START + 5000), true)
    for (const ms of [0, 1000, 4999, 5000]) {
      clock.ms = START + ms
      assert.equal(list.use('a', START + 60_000), false, `${ms}`)
    }
    clock.ms = START + 6000
    assert.equal(list.use('a', START + 7000), true)
  })

  it('is nothing of other lists, and known to whoever opens the same memory', () => {
    const { descriptor, list } = open()
    list.use('a', START + 5000)
    const again = openReplays(descriptor, () => START)
    assert.equal(again.list('nonces').use('a', START + 5000), true)
    assert.equal(again.list('proofs').use('a', START + 5000), false)
  })

  it('is new again when it is given back', () => {
    const { list } = open()
    list.use('a', START + 5000)
    list.giveBack('a')
    list.giveBack('never there')
    assert.equal(list.use('a', START + 5000), true)
  })

  it('turns nobody away who is new, up to two thirds of the room, and later takes new ones for used', () => {
    const { list } = open(2 ** 16)
    const most = Math.floor((2 ** 16 * 2) / 3)
    for (let at = 0; at < most; at++) assert.equal(list.use(`${at}`, START + 5000), true, `${at}`)
    for (let at = 0; at < most; at += 97) assert.equal(list.use(`${at}`, START + 5000), false)
    let refused = 0
    for (let at = 0; at < 2 ** 16; at++) if (!list.use(`more ${at}`, START + 5000)) refused++
    assert.ok(refused > 2 ** 15)
  })

  it('has room again when its time has passed', () => {
    const { clock, list } = open(64)
    for (let round = 0; round < 20; round++) {
      clock.ms = START + round * 10_000
      for (let at = 0; at < 30; at++) assert.equal(list.use(`${round} ${at}`, clock.ms + 5000), true)
    }
  })

  it('is used once of all threads that try at once', async () => {
    const { descriptor } = open(2 ** 16)
    const source = `
      import { parentPort, workerData } from 'node:worker_threads'
      const { openReplays } = await import(workerData.module)
      const list = openReplays(workerData.descriptor, () => workerData.now).list('proofs')
      const mine = []
      for (let at = 0; at < 20_000; at++) if (list.use(String(at), workerData.now + 60_000)) mine.push(at)
      parentPort.postMessage(mine)`
    const runs = Array.from({ length: 3 }, () => {
      const module = new URL('./shared-replays.ts', import.meta.url).href
      const workerData = { descriptor, module, now: START }
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData })
      return new Promise<number[]>((resolve) => worker.once('message', resolve))
    })
    const all = (await Promise.all(runs)).flat()
    assert.equal(new Set(all).size, all.length, 'nobody was let in twice')
    // Where two threads put the same one in two places at the same moment, it is used for both.
    assert.ok(all.length > 19_900, `${all.length}`)
  })
})
