import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../problem.ts'
import { BytesBody, EMPTY_BODY, StreamBody } from './body.ts'
import { readWholeBody } from './whole-body.ts'

const isProblem = (code: string) => (thrown: unknown) => thrown instanceof Problem && thrown.code === code

const arriving = (...chunks: string[]) =>
  new StreamBody({
    sizeBytes: undefined,
    start(sink) {
      for (const chunk of chunks) sink.write(Buffer.from(chunk))
      sink.end()
      return { resume() {}, cancel() {} }
    },
    discard() {},
  })

describe('a whole body', () => {
  it('is read without a promise where it is at hand', () => {
    const read = readWholeBody(BytesBody.ofText('abc'), 3)
    assert.ok(read instanceof Uint8Array)
    assert.equal(Buffer.from(read).toString(), 'abc')
    assert.deepEqual(readWholeBody(new BytesBody({ latin1: '\xff' }), 3), Buffer.from([255]))
    assert.ok(readWholeBody(EMPTY_BODY, 0) instanceof Uint8Array)
  })

  it('is waited for where it comes in pieces, and can be sent on', async () => {
    const body = arriving('ab', 'c')
    const read = readWholeBody(body, 3)
    assert.ok(read instanceof Promise)
    assert.equal(Buffer.from(await read).toString(), 'abc')
    assert.ok(body.isReplayable)
    assert.ok(readWholeBody(body, 3) instanceof Uint8Array)
  })

  it('is refused beyond its limit', async () => {
    assert.throws(() => readWholeBody(BytesBody.ofText('abc'), 2), isProblem('body-too-large'))
    await assert.rejects(async () => readWholeBody(arriving('ab', 'c'), 2), isProblem('body-too-large'))
    const body = arriving('abc')
    await readWholeBody(body, 3)
    assert.throws(() => readWholeBody(body, 2), isProblem('body-too-large'))
  })
})
