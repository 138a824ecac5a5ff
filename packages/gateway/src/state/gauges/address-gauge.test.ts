/** Proves that connections of an address are counted over all threads, and forgotten with a thread. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AddressGauge, clearAddresses, createAddressGauge } from './address-gauge.ts'

function open(threads: number) {
  const descriptor = createAddressGauge(threads)
  return { descriptor, gauges: Array.from({ length: threads }, (_, thread) => new AddressGauge(descriptor, thread)) }
}

describe('the gauge of addresses', () => {
  it('counts an address over all threads', () => {
    const { gauges } = open(3)
    for (const gauge of gauges) gauge.add('192.0.2.1', 1)
    gauges[0]?.add('192.0.2.1', 1)
    gauges[1]?.add('192.0.2.1', -1)
    assert.deepEqual(
      gauges.map((gauge) => gauge.count('192.0.2.1')),
      [3, 3, 3],
    )
    assert.equal(gauges[0]?.count('192.0.2.2'), 0)
  })

  it('forgets the connections of a dead thread and no others', () => {
    const { descriptor, gauges } = open(3)
    for (const gauge of gauges) gauge.add('2001:db8::1', 1)
    clearAddresses(descriptor, 1)
    assert.equal(gauges[2]?.count('2001:db8::1'), 2)
  })

  it('counts too much rather than too little, and rarely so', () => {
    const { gauges } = open(2)
    const addresses = Array.from({ length: 2000 }, (_, i) => `192.0.${i >> 8}.${i & 255}`)
    for (const [i, address] of addresses.entries()) gauges[i & 1]?.add(address, 1)
    const counts = addresses.map((address) => gauges[0]?.count(address) ?? 0)
    assert.ok(Math.min(...counts) === 1)
    // 2000 addresses in 16 384 cells: one in eight shares a cell of a row, one in 70 of both.
    assert.ok(counts.filter((count) => count > 1).length < 120)
    for (const [i, address] of addresses.entries()) gauges[i & 1]?.add(address, -1)
    assert.ok(addresses.every((address) => gauges[1]?.count(address) === 0))
  })
})
