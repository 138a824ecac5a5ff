/** Proves that garbage of loading goes, and that nothing is collected where there is little. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GCProfiler, getHeapStatistics } from 'node:v8'
import { giveBackMemory } from './give-back-memory.ts'

const MB = 1024 * 1024

/** Survives the young generation, and is garbage once this has returned. */
function load(sizeMb: number): number {
  const loaded = Array.from({ length: sizeMb * 8 }, () => new Array(MB / 64).fill(1.5))
  return loaded.length + getHeapStatistics().used_heap_size
}

function countCollections(run: () => void): number {
  const profiler = new GCProfiler()
  profiler.start()
  run()
  return profiler.stop()?.statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact').length ?? 0
}

describe('giveBackMemory', () => {
  it('leaves no garbage of what was loaded', () => {
    giveBackMemory()
    const { used_heap_size: before } = getHeapStatistics()
    assert.ok(load(64) > before + 32 * MB)
    giveBackMemory()
    assert.ok(getHeapStatistics().used_heap_size < before + 8 * MB)
  })

  it('holds nobody up where little has come since', () => {
    giveBackMemory()
    assert.equal(countCollections(giveBackMemory), 0)
    load(64)
    assert.ok(countCollections(giveBackMemory) > 0)
  })
})
