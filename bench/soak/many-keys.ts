// Owns the question: with a million keys, what does a node hold for them, and how soon does a node that knows none know all?

import type { AppId } from '@gatewright/model'
import { until } from '../../e2e/harness/deadline.ts'
import { CredentialsIndex } from '../../packages/gateway/src/state/credentials/credentials-index.ts'
import { atMost, toShort } from '../bars.ts'
import { readMemoryMb } from '../process-cpu.ts'
import type { Answer } from '../question.ts'
import { ManyMachines } from './machines-stage.ts'
import { toHash, toKeys } from './made-keys.ts'
import type { SoakQuestion } from './soak-question.ts'

const KEYS_AT_ONCE = 50_000
const APPS = 1_000

export const manyKeys: SoakQuestion = {
  name: 'many-keys',
  async ask({ keys, say }): Promise<Answer> {
    const indexMb = measureIndexMb(keys)
    say(`the index has ${toShort(indexMb)} MB`)
    const stage = await ManyMachines.start({ controls: 1, nodes: 1 })
    try {
      const [first] = stage.nodes
      const emptyMb = readMemoryMb(first?.pid ?? 0)
      const startedAt = performance.now()
      const app = await stage.kept.createApp('many')
      for (let from = 0; from < keys; from += KEYS_AT_ONCE) {
        await stage.kept.bringKeys(app, toKeys(from, Math.min(keys, from + KEYS_AT_ONCE)))
      }
      const filledMs = performance.now() - startedAt
      await until(async () => ((await first?.snapshot())?.apps.fed.keys === keys ? true : undefined), 'all keys')
      const followedMs = performance.now() - startedAt
      say(`brought in ${toShort(filledMs / 1000)} s`)
      const freshAt = performance.now()
      const fresh = await stage.addNode()
      await until(async () => ((await fresh.snapshot())?.apps.fed.keys === keys ? true : undefined), 'all keys')
      const freshMs = performance.now() - freshAt
      const rows = [
        ['the node that was there: before', emptyMb],
        ['the node that was there: with all', readMemoryMb(first?.pid ?? 0)],
        ['the fresh node', readMemoryMb(fresh.pid)],
        ['the control plane', readMemoryMb(stage.controls[0]?.pid ?? 0)],
      ] as const
      return {
        title: `${keys} keys at a node`,
        method: `Brought along in changes of ${KEYS_AT_ONCE}, on PostgreSQL. A fresh node: from starting its process until it knows all, with a copy on its disk. The index by itself: filled in pages, as a node fills it, of ${APPS} apps.`,
        tables: [
          {
            columns: ['', 's'],
            rows: [
              ['all are in the store', toShort(filledMs / 1000)],
              ['… and known to the node that was there', toShort(followedMs / 1000)],
              ['a fresh node knows all', toShort(freshMs / 1000)],
            ],
          },
          { columns: ['resident', 'MB'], rows: rows.map(([what, mb]) => [what, toShort(mb)]) },
        ],
        bars: [atMost('memory of the index', 64, { value: indexMb, unit: 'MB' })],
        notes: [],
      }
    } finally {
      await stage.end()
    }
  },
}

function measureIndexMb(keys: number): number {
  const index = new CredentialsIndex()
  const filling = index.fill()
  const each = Math.ceil(keys / APPS)
  for (let number = 0; number < APPS; number++) {
    const id = `app-${number}` as AppId
    const own = toKeys(number * each, Math.min(keys, (number + 1) * each)).map((key) => ({
      app: id,
      hash: toHash(key),
      enabled: true,
    }))
    filling.add([{ id, enabled: true, keys: own }])
  }
  filling.finish()
  return index.descriptor().memory.byteLength / 2 ** 20
}
