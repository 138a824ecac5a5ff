/** Owns the proof that a body ends where its framing says, and takes nothing of what stands behind it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHUNKED, UNTIL_CLOSE } from '../http1/framing.ts'
import { Refusal } from '../http1/refusal.ts'
import { FramedBody } from './framed-body.ts'

function setUp(framing: number): { body: FramedBody; heard: string[] } {
  const heard: string[] = []
  const body = new FramedBody({ pauseReading() {}, resumeReading() {}, onBodyUnwanted() {} }, framing)
  body.start({
    write: (chunk) => heard.push(Buffer.from(chunk).toString('latin1')) > 0,
    end: () => heard.push('end'),
    abort: () => heard.push('abort'),
  })
  return { body, heard }
}

describe('a framed body', () => {
  it('ends behind its length, and leaves what follows', () => {
    const { body, heard } = setUp(6)
    assert.equal(body.read(Buffer.from('head abc'), 5), 8)
    assert.deepEqual([body.isRead, body.remainingBytes, body.sizeBytes], [false, 3, 6])
    assert.equal(body.read(Buffer.from('defGET'), 0), 3)
    assert.deepEqual([body.isRead, body.remainingBytes], [true, 0])
    assert.deepEqual(heard, ['abc', 'def'], 'whoever reads the connection says when it ends')
  })

  it('ends behind its last chunk and its trailers, and leaves what follows', () => {
    const { body, heard } = setUp(CHUNKED)
    assert.deepEqual([body.sizeBytes, body.remainingBytes], [undefined, Number.POSITIVE_INFINITY])
    assert.equal(body.read(Buffer.from('3\r\nabc\r\n'), 0), 8)
    assert.equal(body.isRead, false)
    assert.equal(body.read(Buffer.from('0\r\nX-Sum: 1\r\n\r\nGET'), 0), 15)
    assert.equal(body.isRead, true)
    assert.equal(body.trailers?.get('x-sum'), '1')
    assert.deepEqual(heard, ['abc'])
  })

  it('without length and chunks never ends by itself', () => {
    const { body, heard } = setUp(UNTIL_CLOSE)
    assert.equal(body.read(Buffer.from('abc'), 0), 3)
    assert.deepEqual([body.isRead, body.sizeBytes, body.remainingBytes], [false, undefined, Number.POSITIVE_INFINITY])
    assert.deepEqual(heard, ['abc'])
  })

  it('whose chunks are malformed says so', () => {
    const { body } = setUp(CHUNKED)
    assert.ok(body.read(Buffer.from('x\r\n'), 0) instanceof Refusal)
    assert.equal(body.isRead, false)
  })
})
