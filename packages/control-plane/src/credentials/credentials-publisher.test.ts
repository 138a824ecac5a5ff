import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { CredentialsLine } from '@gatewright/model'
import { endKey, issueKey } from '../keys/key-store.ts'
import type { Described } from '../resources/resource.ts'
import { createResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { CredentialsPublisher } from './credentials-publisher.ts'

const act = <Result>(store: Store, verb: (doing: Doing) => Promise<Result>): Promise<Result> =>
  store.write((change) => verb({ ...change, by: 'user:ann', nowMs: 1_700_000_000_000 }))

function follow(store: Store, say: (line: CredentialsLine) => void = () => {}) {
  const lines: CredentialsLine[] = []
  const order: string[] = []
  const faults: unknown[] = []
  const publisher = new CredentialsPublisher(store, {
    say(line) {
      lines.push(line)
      order.push(line.kind)
      say(line)
    },
    async beforeWhole() {
      order.push('published')
    },
    onFault: (fault) => faults.push(fault),
  })
  return { publisher, lines, order, faults }
}

await describeOnStores('a gateway that is told of apps and keys', (open) => {
  it('hears all at first, then what changed, and nothing where nothing did', async () => {
    const store = await open()
    const app = await act(store, (doing) => createResource(doing, { kind: 'app', team: 'main', id: 'acme' }, {}))
    const { key } = await act(store, (doing) => issueKey(doing, app.uid))
    const { publisher, lines, order, faults } = follow(store)
    await publisher.look()
    assert.deepEqual(order, ['whole', 'apps', 'end'])
    await publisher.look()
    assert.equal(order.length, 3)
    await act(store, (doing) => endKey(doing, key.uid))
    await publisher.look()
    const told = lines.filter(({ kind }) => kind === 'changes')
    assert.deepEqual(told, [{ kind: 'changes', changes: [{ kind: 'remove', hash: key.hash }] }])
    await publisher.close()
    assert.deepEqual(faults, [])
  })

  it('hears all anew only once what is live is served', async () => {
    const store = await open()
    const { publisher, order } = follow(store)
    await publisher.look()
    assert.deepEqual(order.splice(0), ['whole', 'end'])
    await act(store, (doing) =>
      createResource(doing, { kind: 'plan', team: 'main', id: 'gold' }, { policies: [] } as Described),
    )
    await publisher.look()
    assert.deepEqual(order, ['published', 'whole', 'end'])
    await publisher.close()
  })

  it('hears all anew after it could not take what it was told', async () => {
    const store = await open()
    let isBroken = true
    const { publisher, order, faults } = follow(store, ({ kind }) => {
      if (kind === 'end' && isBroken) throw new Error('no room')
    })
    await publisher.look()
    assert.deepEqual([order.splice(0), faults.length], [['whole', 'end'], 1])
    isBroken = false
    await publisher.look()
    assert.deepEqual(order, ['whole', 'end'])
    await publisher.close()
  })
})
