/** Proves that columns of threads add up, and what is left of a thread's column when it dies. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { Columns, openColumn } from './columns.ts'
import { add, CELLS_OF, type MetricFamily, recordDuration, recordStatus } from './metric-family.ts'

const COUNTER: MetricFamily = { name: 'c_total', help: '', kind: 'counter' }
const GAUGE: MetricFamily = { name: 'g', help: '', kind: 'gauge' }
const STATUSES: MetricFamily = { name: 's_total', help: '', kind: 'status-counter' }
const HISTOGRAM: MetricFamily = { name: 'h_seconds', help: '', kind: 'histogram' }

describe('columns', () => {
  it('add up what all threads counted', () => {
    const columns = new Columns({ threads: 3 })
    columns.define(COUNTER, { api: 'a' })
    for (const thread of [0, 1, 2]) {
      add(openColumn(columns.descriptor(), thread).getCells(COUNTER, { api: 'a' }), 10 ** thread)
    }
    assert.deepEqual(columns.sum(COUNTER, { api: 'a' }), [111])
  })

  it('keep what a dead thread counted, and drop what it held', () => {
    const columns = new Columns({ threads: 2 })
    for (const family of [COUNTER, GAUGE, STATUSES, HISTOGRAM]) columns.define(family)
    for (const thread of [0, 1]) {
      const column = openColumn(columns.descriptor(), thread)
      add(column.getCells(COUNTER), 5)
      add(column.getCells(GAUGE), 7)
      recordStatus(column.getCells(STATUSES), 200)
      recordDuration(column.getCells(HISTOGRAM), 3)
    }
    const before = columns.read()
    columns.clear(1)
    assert.deepEqual(columns.sum(GAUGE), [7])
    for (const series of [0, 2, 3]) assert.deepEqual(columns.read()[series], before[series])
    // The thread that replaces it goes on in the same column.
    add(openColumn(columns.descriptor(), 1).getCells(COUNTER), 1)
    assert.deepEqual(columns.sum(COUNTER), [11])
  })

  it('keep the count of a series that is defined again, and of each label alone', () => {
    const columns = new Columns({ threads: 1 })
    const define = () => {
      for (const api of ['a', 'b']) columns.define(COUNTER, { api })
      return openColumn(columns.descriptor(), 0)
    }
    add(define().getCells(COUNTER, { api: 'a' }), 1)
    add(define().getCells(COUNTER, { api: 'a' }), 1)
    assert.deepEqual(
      columns.read().map(({ values }) => values),
      [[2], [0]],
    )
  })

  it('grow by pages while threads count in cells they got before', () => {
    const columns = new Columns({ threads: 1 })
    columns.define(STATUSES, { api: 'first' })
    const early = openColumn(columns.descriptor(), 0).getCells(STATUSES, { api: 'first' })
    for (let api = 0; api < 200; api++) columns.define(STATUSES, { api: `${api}` })
    const descriptor = columns.descriptor()
    assert.ok(descriptor.pages.length > 1)
    recordStatus(early, 404)
    for (let api = 0; api < 200; api++) {
      recordStatus(openColumn(descriptor, 0).getCells(STATUSES, { api: `${api}` }), 404)
    }
    for (const { values } of columns.read())
      assert.equal(
        values.reduce((sum, value) => sum + value),
        1,
      )
  })

  it('count series together for which there is no room', () => {
    const columns = new Columns({ threads: 1, maxPages: 1 })
    columns.reserve(STATUSES)
    for (let api = 0; api < 100; api++) columns.define(STATUSES, { api: `${api}` })
    const column = openColumn(columns.descriptor(), 0)
    for (let api = 0; api < 100; api++) recordStatus(column.getCells(STATUSES, { api: `${api}` }), 200)
    const own = Math.floor(4096 / CELLS_OF['status-counter']) - 1
    const counted = columns.sum(STATUSES, { series: 'other' }).reduce((sum, value) => sum + value)
    assert.equal(counted, 100 - own)
  })

  it('drop what a settled generation did not define, and keep what belongs to none', () => {
    const columns = new Columns({ threads: 1 })
    columns.define(GAUGE)
    const publish = (...apis: string[]): void => {
      columns.beginGeneration()
      for (const api of apis) columns.define(COUNTER, { api })
    }
    publish('a', 'b')
    columns.settleGeneration()
    // One that is refused takes nothing away.
    publish('c')
    assert.deepEqual(
      columns.read().map(({ labels }) => labels.api),
      [undefined, 'a', 'b', 'c'],
    )
    publish('b')
    columns.settleGeneration()
    assert.deepEqual(
      columns.read().map(({ labels }) => labels.api),
      [undefined, 'b'],
    )
    assert.throws(() => openColumn(columns.descriptor(), 0).getCells(COUNTER, { api: 'a' }), /not defined/)
  })

  it('say what is new to a thread, which then finds what one finds that was told all', () => {
    const parts = ['a', 'b', 'c', 'd'].map((api) => ({ api }))
    const step = fc.record({ apis: fc.subarray(parts), isSettled: fc.boolean(), isTold: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [columns, plain] = [new Columns({ threads: 1 }), new Columns({ threads: 1 })]
        for (const each of [columns, plain]) each.define(GAUGE)
        let known = columns.descriptor().upTo
        const thread = openColumn(structuredClone(columns.descriptor()), 0)
        for (const { apis, isSettled, isTold } of steps) {
          for (const each of [columns, plain]) each.beginGeneration()
          for (const part of apis) {
            // All of a part at once, as it is defined one by one.
            columns.defineFor(part, () => columns.define(COUNTER, part))
            plain.define(COUNTER, part)
          }
          if (isSettled) for (const each of [columns, plain]) each.settleGeneration()
          const names = (of: Columns) => of.read().map(({ labels }) => labels.api)
          assert.deepEqual(names(columns), names(plain))
          if (!isTold) continue
          const news = columns.descriptor(known)
          thread.extend(structuredClone(news))
          known = news.upTo
          const anew = openColumn(columns.descriptor(), 0)
          for (const part of apis) assert.equal(thread.findCells(COUNTER, part)?.at, anew.findCells(COUNTER, part)?.at)
        }
      }),
    )
  })

  it('say nothing to a thread again, neither of series nor of pages, and which series are gone', () => {
    const columns = new Columns({ threads: 1 })
    const publish = (...apis: string[]) => {
      columns.beginGeneration()
      for (const api of apis) columns.define(COUNTER, { api })
      const news = columns.descriptor(known)
      columns.settleGeneration()
      known = news.upTo
      return [news.pages.length, news.places.size, news.gone.length]
    }
    let known = columns.descriptor().upTo
    assert.deepEqual(publish('a', 'b'), [1, 2, 0])
    assert.deepEqual(publish('a', 'c'), [0, 1, 0])
    assert.deepEqual(publish('a', 'c'), [0, 0, 1])
    assert.deepEqual(publish('a', 'c'), [0, 0, 0])
  })

  it('give a place to another series, empty, once those who counted there have ended', () => {
    let nowMs = 0
    const columns = new Columns({ threads: 1, maxPages: 1, now: () => nowMs })
    columns.reserve(STATUSES)
    const own = Math.floor(4096 / CELLS_OF['status-counter']) - 1
    for (let round = 0; round <= 20; round++) {
      columns.beginGeneration()
      for (let api = 0; api < own; api++) {
        columns.define(STATUSES, { api: `${round}-${api}` })
        recordStatus(openColumn(columns.descriptor(), 0).getCells(STATUSES, { api: `${round}-${api}` }), 200)
      }
      columns.settleGeneration()
      // Odd rounds come too early and share the one that is kept for all.
      if (round % 2 === 1) nowMs += 600_000
    }
    const counts = columns.read().map(({ values }) => values.reduce((sum, value) => sum + value))
    assert.deepEqual(counts.slice(1), Array(own).fill(1))
    assert.equal(columns.descriptor().pages.length, 1)
    assert.equal(columns.descriptor().places.size, own + 1)
  })

  it('give no place of a gauge away that somebody still counts down', () => {
    let nowMs = 0
    const columns = new Columns({ threads: 1, now: () => nowMs })
    const define = (upstream: string) => {
      columns.beginGeneration()
      columns.define(GAUGE, { upstream })
      columns.settleGeneration()
      return openColumn(columns.descriptor(), 0).getCells(GAUGE, { upstream })
    }
    const open = define('a')
    add(open, 1)
    define('b')
    nowMs += 600_000
    define('c')
    add(open, -1)
    assert.deepEqual(columns.sum(GAUGE, { upstream: 'c' }), [0])
    nowMs += 600_000
    // That of `a`, now empty, or that of `b`: neither holds anything.
    assert.deepEqual([define('d').cells[0], columns.sum(GAUGE, { upstream: 'd' })], [0, [0]])
  })

  it('say which metric finds no room, if none was kept for it', () => {
    const columns = new Columns({ threads: 1, maxPages: 0 })
    assert.throws(() => columns.define(COUNTER), /no room left for the metric c_total/)
  })

  it('are seen by main while the thread runs, without messages', async () => {
    const columns = new Columns({ threads: 1 })
    columns.define(COUNTER)
    const to = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
    const source = `
      import { workerData, parentPort } from 'node:worker_threads'
      import { openColumn } from ${to('./columns.ts')}
      import { add } from ${to('./metric-family.ts')}
      const cells = openColumn(workerData, 0).getCells({ name: 'c_total' })
      for (let i = 0; i < 100_000; i++) add(cells, 1)
      parentPort.postMessage('counted')
      setInterval(() => {}, 1000)`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: columns.descriptor(),
    })
    await new Promise((resolve) => worker.once('message', resolve))
    assert.deepEqual(columns.sum(COUNTER), [100_000])
    await worker.terminate()
  })

  it('refuse threads and series that they were not made for', () => {
    const columns = new Columns({ threads: 2 })
    for (const thread of [-1, 2, 0.5]) {
      assert.throws(() => openColumn(columns.descriptor(), thread), RangeError)
      assert.throws(() => columns.clear(thread), RangeError)
    }
    assert.throws(() => openColumn(columns.descriptor(), 0).getCells(COUNTER), /not defined/)
  })
})
