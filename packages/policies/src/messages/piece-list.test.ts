import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PieceList } from './piece-list.ts'

function toPiece(bytes: number, fill: number): Uint8Array {
  return new Uint8Array(bytes).fill(fill)
}

describe('piece list', () => {
  it('gives all that it was given, in order, once, and changes nothing of it', () => {
    const lengths = fc.array(fc.constantFrom(0, 1, 2, 300, 1023, 1024, 5000, 16_383), { maxLength: 60 })
    fc.assert(
      fc.property(lengths, (lengths) => {
        const list = new PieceList()
        const pieces = lengths.map((bytes, index) => toPiece(bytes, index + 1))
        for (const piece of pieces) list.push(piece)
        const expected = Buffer.concat(pieces)
        assert.equal(list.bytes, expected.length)
        assert.deepEqual(Buffer.concat(list.take()), expected)
        assert.equal(list.bytes, 0)
        assert.deepEqual(list.take(), [])
        for (const [index, piece] of pieces.entries()) assert.ok(piece.every((octet) => octet === index + 1))
      }),
      { numRuns: 200 },
    )
  })

  it('keeps no object for each of many short pieces', () => {
    const list = new PieceList()
    for (let at = 0; at < 65_536; at++) list.push(toPiece(1, 7))
    const pieces = list.take()
    assert.deepEqual(
      pieces.map(({ length }) => length),
      [16_384, 16_384, 16_384, 16_384],
    )
    assert.ok(pieces.every(({ buffer }) => buffer.byteLength <= 16_384))
  })

  it('copies no long piece, and none that stays alone', () => {
    for (const bytes of [1, 1024, 65_536]) {
      const list = new PieceList()
      const piece = toPiece(bytes, 1)
      list.push(piece)
      assert.equal(list.take()[0]?.buffer, piece.buffer)
    }
  })
})
