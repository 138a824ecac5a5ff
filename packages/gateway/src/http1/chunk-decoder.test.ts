import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ChunkDecoder } from './chunk-decoder.ts'
import { Refusal } from './refusal.ts'

/** The data and the trailers of a body that came in these parts, or why it is refused. */
function decode(parts: readonly (string | Uint8Array)[]): string {
  const decoder = new ChunkDecoder()
  let data = ''
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    const read = decoder.push(bytes, 0, (more) => {
      data += Buffer.from(more).toString('latin1')
    })
    if (read instanceof Refusal) return read.reason
    if (decoder.isDone) {
      const trailers = [...(decoder.trailers ?? [])].map(([name, value]) => ` ${name}=${value}`)
      return `${data}|${trailers.join('')}|${Buffer.from(bytes.subarray(read)).toString('latin1')}`
    }
  }
  return `waits after ${data.length}`
}

describe('chunk decoder', () => {
  it('decodes what any encoder makes, however it is cut, and stops at its end', () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 })
    const cuts = fc.array(fc.nat(500), { maxLength: 10 })
    fc.assert(
      fc.property(chunks, cuts, fc.boolean(), (data, places, isUpper) => {
        const text = data.map((chunk) => {
          const size = chunk.length.toString(16)
          return `${isUpper ? size.toUpperCase() : size};a="b"\r\n${Buffer.from(chunk).toString('latin1')}\r\n`
        })
        const body = `${text.join('')}0\r\nX-Sum: 1\r\n\r\nNEXT`
        const at = [...new Set([0, ...places.map((place) => place % body.length), body.length])].sort((a, b) => a - b)
        const parts = at.slice(1).map((to, i) => body.slice(at[i], to))
        const decoded = decode(parts)
        const whole = data.map((chunk) => Buffer.from(chunk).toString('latin1')).join('')
        assert.ok(decoded.startsWith(`${whole}| X-Sum=1|`), JSON.stringify(decoded))
        assert.ok('NEXT'.startsWith(decoded.slice(`${whole}| X-Sum=1|`.length)))
      }),
      { numRuns: 1000 },
    )
  })

  it('hands on the short chunks of one read together, and all that came before a fault', () => {
    const long = 'y'.repeat(1024)
    const body = `${'1\r\nx\r\n'.repeat(1000)}400\r\n${long}\r\n${'2\r\nab\r\n'.repeat(9)}`
    const bytes = Buffer.from(`${body}no size\r\n`)
    const seen: string[] = []
    const read = new ChunkDecoder().push(bytes, 0, (data) => seen.push(Buffer.from(data).toString('latin1')))
    assert.ok(read instanceof Refusal)
    assert.deepEqual(seen, ['x'.repeat(1000), long + 'ab'.repeat(9)])
  })

  it('hands on a chunk in the memory that it came in', () => {
    const bytes = Buffer.from('5\r\nhello\r\n0\r\n\r\n')
    const seen: Uint8Array[] = []
    new ChunkDecoder().push(bytes, 0, (data) => seen.push(data))
    assert.equal(seen[0]?.buffer, bytes.buffer)
  })

  it('counts sizes of up to twelve digits, leading zeros included', () => {
    assert.equal(decode([`${'0'.repeat(11)}5\r\nhello\r\n0\r\n\r\n`]), 'hello||')
    assert.equal(decode([`${'0'.repeat(12)}5\r\nhello\r\n0\r\n\r\n`]), 'chunk-size-too-large')
    assert.equal(decode(['ffffffffffff\r\nhello']), 'waits after 5')
  })

  it('bounds the extensions of a body together', () => {
    assert.equal(decode([`1;${'x'.repeat(4095)}\r\na\r\n1;\r\nb\r\n0\r\n\r\n`]), 'ab||')
    assert.equal(decode([`1;${'x'.repeat(4097)}\r\na\r\n0\r\n\r\n`]), 'chunk-extension')
    assert.equal(decode([`1;${'x'.repeat(50)}\r\na\r\n`.repeat(100)]), 'chunk-extension')
  })

  it('drops trailers that frame, route, authenticate or say how to process', () => {
    const trailers =
      'Content-Length: 5\r\nX-Ok: 1\r\ntransfer-encoding: chunked\r\nHOST: b\r\nAuthorization: x\r\nSet-Cookie: a=b\r\n'
    assert.equal(decode([`0\r\n${trailers}\r\n`]), '| X-Ok=1|')
    assert.equal(decode([`0\r\nHost: b\r\n\r\n`]), '||')
  })

  it('bounds trailers in bytes and in number', () => {
    assert.ok(decode([`0\r\n${'A: b\r\n'.repeat(64)}\r\n`]).startsWith('| A=b'))
    assert.equal(decode([`0\r\n${'A: b\r\n'.repeat(65)}\r\n`]), 'trailers')
    assert.equal(decode([`0\r\nA: ${'x'.repeat(17_000)}\r\n\r\n`]), 'trailers')
    assert.equal(decode(['0\r\nA: ', ...Array.from({ length: 200 }, () => 'x'.repeat(100))]), 'trailers')
    assert.equal(decode([`0\r\n${'A: b\r\n'.repeat(200)}`]), 'trailers')
  })

  it('refuses trailers as strictly as fields', () => {
    for (const [trailers, reason] of [
      ['A : b\r\n\r\n', 'field-name'],
      ['A: b\n\r\n', 'line-end'],
      [' A: b\r\n\r\n', 'obs-fold'],
      ['A: b\r\n c\r\n\r\n', 'obs-fold'],
      ['A: \0\r\n\r\n', 'field-value'],
    ] as const) {
      assert.equal(decode([`0\r\n${trailers}`]), reason)
      assert.equal(decode([...`0\r\n${trailers}`]), reason, 'byte by byte')
    }
  })
})
