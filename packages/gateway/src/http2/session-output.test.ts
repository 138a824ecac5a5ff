import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SessionOutput, type SessionPort } from './session-output.ts'
import { type Frame, parseFrames } from './session-stage.fixture.ts'

/** Keeps the very memory that it is given. */
class KeepingPort implements SessionPort {
  writableLength = 0
  /** As a socket over TLS: nothing leaves at once. */
  leavesLater = false
  readonly writes: Uint8Array[] = []
  /** What stood there when it was written. */
  readonly #copies: Buffer[] = []
  corks = 0

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes)
    this.#copies.push(Buffer.from(bytes))
    if (this.leavesLater) this.writableLength += bytes.length
    return this.writableLength < 65_536
  }

  frames(): Frame[] {
    return parseFrames(Buffer.concat(this.#copies))
  }

  cork(): void {
    this.corks++
  }

  uncork(): void {}
  pause(): void {}
  resume(): void {}
}

function begin(): { port: KeepingPort; output: SessionOutput } {
  const port = new KeepingPort()
  return { port, output: new SessionOutput(port, { onTurnEnd() {}, onWritten() {} }) }
}

describe('SessionOutput', () => {
  it('writes once for all that a turn brings', async () => {
    const { port, output } = begin()
    output.acknowledgeSettings()
    output.beginData(1, 2, 0)
    output.text('hi')
    output.windowUpdate(0, 5)
    assert.equal(port.writes.length, 0)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(port.writes.length, 1)
    assert.equal(port.corks, 0)
    assert.deepEqual(
      parseFrames(Buffer.from(port.writes[0]!)).map(({ type }) => type),
      [4, 0, 8],
    )
  })

  it('writes long bodies from where they are, and copies short ones', () => {
    const { port, output } = begin()
    const long = Buffer.alloc(10_000, 'l')
    const short = Buffer.alloc(100, 's')
    output.beginData(1, 100, 0)
    output.data(short)
    output.beginData(3, 10_000, 0)
    output.data(long)
    assert.equal(output.holdsNothing, false)
    output.flush()
    assert.equal(output.holdsNothing, true)
    assert.equal(port.writes[1], long)
    assert.equal(port.corks, 1)
    assert.equal(
      port.writes.some((piece) => piece.buffer === short.buffer && piece.byteOffset === short.byteOffset),
      false,
    )
  })

  it("marks the last DATA frame as the stream's last where it has not left, else sends an empty one", () => {
    const { port, output } = begin()
    output.beginData(1, 1, 0)
    output.text('x')
    output.endStream(1)
    output.flush()
    output.endStream(3)
    output.beginData(5, 5000, 0)
    output.data(Buffer.alloc(5000))
    output.endStream(5)
    output.beginData(7, 1, 0)
    output.text('x')
    output.beginData(9, 1, 0)
    output.text('x')
    output.endStream(7)
    output.endStream(9)
    output.flush()
    assert.deepEqual(
      port.frames().map(({ streamId, flags, payload }) => `${streamId} ${payload.length} ${flags}`),
      ['1 1 1', '3 0 1', '5 5000 1', '7 1 0', '9 1 1', '7 0 1'],
    )
  })

  it('marks it also where its memory has moved since', () => {
    const { port, output } = begin()
    output.beginData(1, 20_000 + 5000, 0)
    // Copied behind each other until the memory is too small, then a long one.
    for (let i = 0; i < 5; i++) output.data(Buffer.alloc(4000))
    output.data(Buffer.alloc(5000))
    for (let i = 0; i < 10; i++) output.raw(Buffer.alloc(0))
    for (let i = 0; i < 2000; i++) output.windowUpdate(0, i + 1)
    output.endStream(1)
    output.flush()
    const [first] = port.frames()
    assert.deepEqual([first!.streamId, first!.flags, first!.payload.length], [1, 1, 25_000])
  })

  it('never writes over what has not left', () => {
    const { port, output } = begin()
    port.leavesLater = true
    const expected: string[] = []
    for (let i = 0; i < 20; i++) {
      port.writableLength = 0
      output.isBlocked = false
      const text = `turn ${i} `.repeat(100)
      expected.push(text)
      output.beginData(1, text.length, 0)
      output.text(text)
      if (i % 3 === 0) {
        output.beginData(1, 6000, 0)
        output.data(Buffer.alloc(6000, `${i % 10}`))
        expected.push(`${i % 10}`.repeat(6000))
      }
      output.flush()
    }
    assert.deepEqual(
      port.frames().map(({ payload }) => payload.toString('latin1')),
      expected,
    )
  })

  it('writes nothing while the peer takes nothing, and nothing once it is closed', () => {
    const { port, output } = begin()
    port.leavesLater = true
    output.beginData(1, 70_000, 0)
    output.data(Buffer.alloc(70_000))
    output.flush()
    assert.equal(output.isBlocked, true)
    const { length } = port.writes
    output.windowUpdate(0, 1)
    output.flush()
    assert.equal(port.writes.length, length)
    output.close()
    output.isBlocked = false
    output.windowUpdate(0, 1)
    output.flush()
    assert.equal(port.writes.length, length)
  })
})
