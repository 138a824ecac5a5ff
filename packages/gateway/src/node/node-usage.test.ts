import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineApiSeries, defineProcessSeries, METRICS } from '../observe/metrics.ts'
import { Columns, openColumn } from '../state/gauges/columns.ts'
import { add, recordStatus } from '../state/gauges/metric-family.ts'
import { NodeUsage, USED_FAMILIES } from './node-usage.ts'

const OWN = { memoryBytes: 1, cpuMs: 2, loops: [{ activeMs: 3, idleMs: 4 }] }

describe('what a node says of its use', () => {
  it('is summed up over threads, by class and by API, and the APIs with few requests together', () => {
    const columns = new Columns({ threads: 2 })
    defineProcessSeries(columns)
    const apis = Array.from({ length: 25 }, (_, index) => `prod.api-${index}`)
    for (const api of [...apis, 'prod.unused']) defineApiSeries(columns, { api })
    for (const thread of [0, 1]) {
      const column = openColumn(columns.descriptor(), thread)
      for (const [index, api] of apis.entries()) {
        const cells = column.getCells(METRICS.requests, { api })
        for (let i = 0; i <= index; i++) recordStatus(cells, i === 0 ? 503 : 200)
      }
      recordStatus(column.getCells(METRICS.refusals), 404)
      add(column.getCells(METRICS.receivedBytes), 10)
      add(column.getCells(METRICS.sentBytes), 1000)
      add(column.getCells(METRICS.requestsInFlight), 1)
      add(column.getCells(METRICS.connections), 2)
    }
    const usage = new NodeUsage(7).tell(columns.read(USED_FAMILIES), OWN)
    assert.deepEqual(usage.requests, [0, 600, 0, 0, 50])
    assert.deepEqual(usage.refusals, [0, 0, 0, 2, 0])
    assert.deepEqual(usage.apis[0], { api: 'prod.api-24', requests: [0, 48, 0, 0, 2] })
    assert.deepEqual([usage.apis.length, usage.others], [20, [0, 20, 0, 0, 10]])
    const { sinceMs, bytesIn, bytesOut, inFlight, connections } = usage
    assert.deepEqual([sinceMs, bytesIn, bytesOut, inFlight, connections], [7, 20, 2000, 2, 4])
    assert.deepEqual([usage.memoryBytes, usage.cpuMs, usage.loops], [1, 2, [{ activeMs: 3, idleMs: 4 }]])
  })

  it('never goes down: neither with an API that goes, nor with one that comes back and counts anew', () => {
    const tally = new NodeUsage(0)
    const series = (counts: Readonly<Record<string, number>>) => {
      const columns = new Columns({ threads: 1 })
      defineProcessSeries(columns)
      for (const [api, count] of Object.entries(counts)) {
        defineApiSeries(columns, { api })
        const cells = openColumn(columns.descriptor(), 0).getCells(METRICS.requests, { api })
        for (let i = 0; i < count; i++) recordStatus(cells, 200)
      }
      return columns.read(USED_FAMILIES)
    }
    const told = [{ a: 3, b: 2 }, { a: 4 }, { a: 4, b: 1 }, { a: 1, b: 1 }].map(
      (counts) => tally.tell(series(counts), OWN).requests[1],
    )
    assert.deepEqual(told, [5, 6, 7, 8])
  })
})
