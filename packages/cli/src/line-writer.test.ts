import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { createLineWriter } from './line-writer.ts'

const LINE = `${'x'.repeat(999)}\n`
const LINES = 5000

/** A stream whose reader reads when it is told to. */
function createStalled(): { stream: Writable; read: () => string } {
  let came = ''
  const taken: (() => void)[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      taken.push(() => {
        came += chunk
        done()
      })
    },
  })
  const read = (): string => {
    for (let next = taken.shift(); next !== undefined; next = taken.shift()) next()
    return came
  }
  return { stream, read }
}

describe('a writer of lines', () => {
  it('keeps a bounded number of them for a reader that stalls, and tells once it reads how many were lost', async () => {
    const { stream, read } = createStalled()
    const { promise: told, resolve } = Promise.withResolvers<number>()
    const write = createLineWriter(stream, resolve)
    for (let i = 0; i < LINES; i++) write(LINE)
    assert.ok(stream.writableLength <= 1_048_576)
    let lost: number | undefined
    void told.then((lines) => {
      lost = lines
    })
    while (lost === undefined) {
      read()
      await new Promise<void>((next) => setImmediate(next))
    }
    assert.equal(read().length / LINE.length, LINES - lost)
    write('again\n')
    assert.match(read(), /again\n$/)
  })

  it('writes a line that is larger than all that may wait, where nothing waits', () => {
    const { stream, read } = createStalled()
    const write = createLineWriter(stream, () => {})
    write('x'.repeat(2_000_000))
    assert.equal(read().length, 2_000_000)
  })
})
