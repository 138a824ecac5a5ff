/** Proves that a start that keeps the young generation small lets it grow for much that is loaded, and for nothing less. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const MODULE = new URL('./let-heap-grow.ts', import.meta.url).href

/** MB of the young generation, after much has survived in it. */
function measureYoungMb(letters: number): number {
  const script = `
    import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
    import { letHeapGrow } from ${JSON.stringify(MODULE)}
    setFlagsFromString('--semi-space-growth-factor=1')
    letHeapGrow([{ text: 'x'.repeat(${letters}) }])
    const kept = []
    for (let at = 0; at < 2_000_000; at++) kept.push({ at })
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    console.log(kept.length > 0 && young.space_size / 2 ** 20)`
  const args = ['--input-type=module', '-e', script]
  return Number(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout)
}

describe('the young generation', () => {
  it('grows where much is loaded, and else stays small', () => {
    const [little, much] = [measureYoungMb(1000), measureYoungMb(2_000_001)]
    assert.ok(little > 0 && much >= 4 * little, `${little} MB, and ${much} MB`)
  })
})
