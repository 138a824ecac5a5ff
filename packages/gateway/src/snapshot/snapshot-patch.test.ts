import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { GatewayModel } from '@gatewright/model'
import { toContentHash } from '@gatewright/model'
import fc from 'fast-check'
import { listPartsWithout, type Snapshot, type SnapshotFrame, toSnapshot } from './snapshot.ts'
import { applySnapshotPatch, toSnapshotPatch } from './snapshot-patch.ts'

const MODEL: GatewayModel = {
  gatewright: 1,
  listeners: [],
  certificates: [],
  upstreams: [],
  policies: [],
  apis: [],
  plans: [],
  variables: {},
  extensions: [],
  accessLog: { to: 'off' },
  egress: { deny: [], allow: [] },
}
const FRAME: SnapshotFrame = toSnapshot(MODEL, { version: 1, extensions: [] }).snapshot.frame
const NAMES = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'))
const toList = (names: readonly string[]) => names.map((id) => ({ id, hash: toContentHash(id) }))
const LISTS = fc.record({ upstreams: NAMES.map(toList), plans: NAMES.map(toList), apis: NAMES.map(toList) })

describe('a snapshot as a change of the one before', () => {
  it('is the same snapshot on the other side, whatever changed', () => {
    fc.assert(
      fc.property(LISTS, LISTS, fc.boolean(), (before, after, isFirst) => {
        const base: Snapshot = { version: 1, hash: 'one', frame: FRAME, ...before }
        const snapshot: Snapshot = { version: 2, hash: 'two', frame: FRAME, ...after }
        const had = isFirst ? undefined : base
        const patch = structuredClone(toSnapshotPatch(snapshot, had))
        assert.deepStrictEqual(applySnapshotPatch(patch, structuredClone(had)), snapshot)
      }),
      { numRuns: 300 },
    )
  })

  it('carries the parts that are new, and no other', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `api-${index}`)
    const lists = { upstreams: [], plans: [] }
    const base: Snapshot = { version: 1, hash: 'one', frame: FRAME, ...lists, apis: toList(names) }
    const apis = [...base.apis.slice(0, 500), { id: 'api-500', hash: 'new' }, ...base.apis.slice(501)]
    assert.deepEqual(toSnapshotPatch({ ...base, version: 2, apis }, base).apis, [
      { from: 0, count: 500 },
      { items: [{ id: 'api-500', hash: 'new' }] },
      { from: 501, count: 499 },
    ])
  })

  it('tells what only one of both is made of', () => {
    const listAll = ({ upstreams, plans, apis }: Snapshot) =>
      [apis, plans, upstreams].map((list) => list.map(({ hash }) => hash))
    fc.assert(
      fc.property(LISTS, LISTS, (before, after) => {
        const [one, other] = [before, after].map(
          (lists): Snapshot => ({ version: 1, hash: '', frame: FRAME, ...lists }),
        )
        assert.ok(one !== undefined && other !== undefined)
        const others = listAll(other)
        const expected = listAll(one).flatMap((list, at) => list.filter((hash) => !others[at]?.includes(hash)))
        assert.deepEqual(listPartsWithout(one, other), expected)
        assert.deepEqual(listPartsWithout(one, undefined), listAll(one).flat())
      }),
      { numRuns: 300 },
    )
  })

  it('leaves a list as it is of which nothing changed', () => {
    const [one, two] = [1, 2].map((version): Snapshot => {
      const apis = toList([...'abc', String(version)])
      return { version, hash: String(version), frame: FRAME, upstreams: toList(['a', 'b']), plans: [], apis }
    })
    assert.ok(one !== undefined && two !== undefined)
    const applied = applySnapshotPatch(structuredClone(toSnapshotPatch(two, one)), one)
    assert.equal(applied.upstreams, one.upstreams)
    assert.equal(applied.apis[0], one.apis[0])
  })

  it('is refused where another serves than the one that it is a change of', () => {
    const snapshot: Snapshot = { version: 3, hash: '', frame: FRAME, upstreams: [], plans: [], apis: [] }
    const patch = toSnapshotPatch(snapshot, { ...snapshot, version: 2 })
    assert.throws(() => applySnapshotPatch(patch, undefined), /version 2/)
    assert.throws(() => applySnapshotPatch(patch, { ...snapshot, version: 1 }), /version 1 serves/)
  })
})
