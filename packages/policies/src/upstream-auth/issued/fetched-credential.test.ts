/** Proves what is made of credentials that are issued: once of each, whoever asks. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock, FakeHttp, MemoryFiles, MemorySharedValues, RecordingLog } from '../../testing/index.ts'
import { FetchedCredential } from './fetched-credential.ts'

const LIFE_MS = 1000_000

function stage() {
  const clock = new FakeClock()
  const common = { clock, shared: new MemorySharedValues(clock), http: new FakeHttp(() => ({})) }
  const services = { ...common, files: new MemoryFiles({}), log: new RecordingLog(), useId: 'test' }
  const counts = { issued: 0, read: 0 }
  const open = () =>
    new FetchedCredential(
      {
        source: 'test',
        depends: [],
        async issue() {
          counts.issued++
          return { value: { id: 'a', secret: `${counts.issued}` }, endsAtMs: clock.now() + LIFE_MS }
        },
        read({ id, secret }) {
          counts.read++
          return { said: `${id}:${secret}` }
        },
      },
      services,
    )
  return { clock, counts, open }
}

describe('a credential that is issued', () => {
  it('is read once, by all who ask', async () => {
    const { counts, open } = stage()
    const credential = open()
    const [first, second] = await Promise.all([credential.get(), credential.get()])
    assert.deepEqual(first, { said: 'a:1' })
    assert.deepEqual([second === first, credential.get() === first], [true, true])
    assert.deepEqual(counts, { issued: 1, read: 1 })
  })

  it('is read anew when another one is issued', async () => {
    const { clock, counts, open } = stage()
    const credential = open()
    await credential.get()
    await clock.advance(LIFE_MS)
    assert.deepEqual(await credential.get(), { said: 'a:2' })
    assert.deepEqual(counts, { issued: 2, read: 2 })
  })

  it('is plain data to others who use it: each reads it for itself', async () => {
    const { counts, open } = stage()
    await open().get()
    assert.deepEqual(await open().get(), { said: 'a:1' })
    assert.deepEqual(counts, { issued: 1, read: 2 })
  })
})
