import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeaderList, KNOWN_FIELDS, toKnownField } from '@gatewright/policies'
import { createFieldMask, serializeFields } from './serialize-head.ts'

const FIELDS = ['Host: a', 'X-Api-Key:  s3cret  ', 'Accept: */*', 'Connection: close', 'X-A: 1', 'X-B: 2']
const NOTHING_DROPPED = createFieldMask([])

/** As the parser leaves it, blanks around values included. */
function parse(): HeaderList {
  const text = `${FIELDS.join('\r\n')}\r\n\r\n`
  const marks: number[] = []
  let start = 0
  for (const line of FIELDS) {
    const nameEnd = start + line.indexOf(':')
    const value = line.slice(line.indexOf(':') + 1)
    const valueStart = nameEnd + 1 + (value.length - value.trimStart().length)
    marks.push(
      start,
      nameEnd,
      valueStart,
      valueStart + value.trim().length,
      toKnownField(Buffer.from(text), start, nameEnd),
    )
    start += line.length + 2
  }
  return HeaderList.parsed(text, marks)
}

/** What a reader of the bytes sees. */
const read = (text: string) =>
  text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.replace(/:\s*/, ': ').trimEnd())

describe('fields on their way out', () => {
  it('are as they came', () => {
    assert.deepEqual(read(serializeFields(parse(), NOTHING_DROPPED)), [
      'Host: a',
      'X-Api-Key: s3cret',
      'Accept: */*',
      'Connection: close',
      'X-A: 1',
      'X-B: 2',
    ])
  })

  it('never hold one that was deleted, wherever it stood between the others', () => {
    for (const [i, line] of FIELDS.entries()) {
      const fields = parse()
      fields.deleteAt(i)
      const expected = read(serializeFields(parse(), NOTHING_DROPPED)).toSpliced(i, 1)
      assert.deepEqual(read(serializeFields(fields, NOTHING_DROPPED)), expected, line)
    }
  })

  it('lack those that are dropped and those that were deleted alike', () => {
    const fields = parse()
    fields.delete('x-a')
    const text = serializeFields(fields, createFieldMask([KNOWN_FIELDS.connection]))
    assert.deepEqual(read(text), ['Host: a', 'X-Api-Key: s3cret', 'Accept: */*', 'X-B: 2'])
  })

  it('are the same once the list was changed and is no longer slices', () => {
    const fields = parse()
    fields.append('X-C', '3')
    fields.delete('x-api-key')
    assert.deepEqual(read(serializeFields(fields, NOTHING_DROPPED)), [
      'Host: a',
      'Accept: */*',
      'Connection: close',
      'X-A: 1',
      'X-B: 2',
      'X-C: 3',
    ])
  })
})
