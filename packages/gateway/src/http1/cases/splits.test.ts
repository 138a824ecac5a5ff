/** Owns the promise that bytes mean the same however the network cuts them: every row of the tables, and what fast-check thinks of. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ChunkDecoder } from '../chunk-decoder.ts'
import { HeadParser } from '../head-parser.ts'
import { toLatin1 } from '../latin1.ts'
import { Refusal } from '../refusal.ts'
import { RequestHead } from '../request-head.ts'
import { ResponseHead } from '../response-head.ts'
import { ACCEPTED_REQUESTS } from './accepted-requests.ts'
import { ACCEPTED_ANSWERS, ANSWER_REFUSALS } from './answer-refusals.ts'
import { CHUNKED_CASES } from './chunked.ts'
import { REQUEST_REFUSALS } from './request-refusals.ts'
import { ROUTING_REFUSALS } from './routing-refusals.ts'
import { TABLE_LIMITS } from './wire-case.ts'

type Outcome = { refused: string } | { head: unknown; fields: [string, string][]; rest: string } | { waits: true }

const HEAD_LIMITS = {
  firstLineBytes: TABLE_LIMITS.requestLineBytes,
  headerBytes: TABLE_LIMITS.headerBytes,
  headerFields: TABLE_LIMITS.headerFields,
}

/** Feeds `text` in the given parts and tells what the head became and which bytes stand behind it. */
function parseHead(parts: readonly string[], kind: 'request' | 'answer'): Outcome {
  const head = kind === 'request' ? new RequestHead() : new ResponseHead()
  const parser = new HeadParser(HEAD_LIMITS, head.scanLine, { skipsEmptyLine: kind === 'request' })
  for (const [index, part] of parts.entries()) {
    const fields = parser.push(Buffer.from(part, 'latin1'))
    if (fields === undefined) continue
    const refusal =
      fields instanceof Refusal
        ? fields
        : head instanceof RequestHead
          ? head.readFields(fields)
          : head.readFields(fields, 'GET')
    if (refusal !== undefined) return { refused: refusal.reason }
    if (fields instanceof Refusal) return { refused: fields.reason }
    const rest = part.slice(parser.bodyAt) + parts.slice(index + 1).join('')
    const { scanLine: _, ...facts } = head
    return { head: { ...facts }, fields: [...fields], rest }
  }
  return { waits: true }
}

function parseChunks(parts: readonly string[]): unknown {
  const decoder = new ChunkDecoder()
  let data = ''
  for (const [index, part] of parts.entries()) {
    const bytes = Buffer.from(part, 'latin1')
    const read = decoder.push(bytes, 0, (more) => {
      data += toLatin1(more, 0, more.length)
    })
    if (read instanceof Refusal) return { refused: read.reason }
    if (decoder.isDone) {
      return { data, trailers: [...(decoder.trailers ?? [])], rest: part.slice(read) + parts.slice(index + 1).join('') }
    }
  }
  return { waits: true, data }
}

/** Cuts `text` at the given places (any numbers: they are brought into range). */
function cut(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => 1 + (place % Math.max(1, text.length - 1))))].sort((a, b) => a - b)
  return [0, ...cuts].map((from, index) => text.slice(from, cuts[index] ?? text.length)).filter((part) => part !== '')
}

const places = fc.array(fc.nat({ max: 100_000 }), { maxLength: 12 })

const requests = [
  ...Object.values(REQUEST_REFUSALS),
  ...Object.values(ROUTING_REFUSALS),
  ...Object.values(ACCEPTED_REQUESTS),
].flat()
const answers = [...Object.values(ANSWER_REFUSALS).flat(), ...ACCEPTED_ANSWERS].filter(({ send }) => send !== '')

describe('a head means the same for every split', () => {
  for (const [kind, rows] of [['request', requests] as const, ['answer', answers] as const]) {
    it(`${kind}s of the tables, byte by byte and cut in two everywhere`, () => {
      for (const { name, send } of rows) {
        const whole = parseHead([send], kind)
        assert.deepEqual(parseHead([...send], kind), whole, `${name}: byte by byte`)
        // Long texts are long in one letter; the cuts near their line ends are what matters.
        const last = Math.min(send.length, 400)
        for (let at = 1; at < last; at++) {
          assert.deepEqual(parseHead([send.slice(0, at), send.slice(at)], kind), whole, `${name}: cut at ${at}`)
        }
      }
    })

    it(`${kind}s of the tables, cut at random`, () => {
      fc.assert(
        fc.property(fc.constantFrom(...rows), places, ({ send }, where) => {
          assert.deepEqual(parseHead(cut(send, where), kind), parseHead([send], kind))
        }),
        { numRuns: 500 },
      )
    })
  }

  it('requests of the tables, damaged by one octet', () => {
    const octet = fc.constantFrom('\r', '\n', '\0', ' ', '\t', ':', ';', ',', '\x7f', '\xff', 'a', '0', '\r\n', '')
    const short = requests.filter(({ send }) => send.length < 1000)
    fc.assert(
      fc.property(
        fc.record({ row: fc.constantFrom(...short), at: fc.nat(), damage: octet, where: places }),
        (damaging) => {
          const {
            row: { send },
            at,
            damage,
            where,
          } = damaging
          const index = at % send.length
          const damaged = send.slice(0, index) + damage + send.slice(index + 1)
          assert.deepEqual(parseHead(cut(damaged, where), 'request'), parseHead([damaged], 'request'))
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('a chunked body means the same for every split', () => {
  for (const { name, body, expect } of CHUNKED_CASES) {
    it(name, () => {
      const whole = parseChunks([body])
      if (expect === 'malformed') assert.ok(Object.hasOwn(whole as object, 'refused'), JSON.stringify(whole))
      else assert.deepEqual(whole, { data: expect.data, trailers: expect.trailers ?? [], rest: '' })
      assert.deepEqual(parseChunks([...body]), whole)
      for (let at = 1; at < Math.min(body.length, 400); at++) {
        assert.deepEqual(parseChunks([body.slice(0, at), body.slice(at)]), whole, `cut at ${at}`)
      }
    })
  }

  it('also damaged by one octet and cut at random', () => {
    const octet = fc.constantFrom('\r', '\n', '\0', ' ', ';', '0', 'f', 'g', '\r\n', '')
    const short = CHUNKED_CASES.filter(({ body }) => body.length < 1000)
    fc.assert(
      fc.property(
        fc.record({ row: fc.constantFrom(...short), at: fc.nat(), damage: octet, where: places }),
        (damaging) => {
          const {
            row: { body },
            at,
            damage,
            where,
          } = damaging
          const index = at % body.length
          const damaged = body.slice(0, index) + damage + body.slice(index + 1)
          assert.deepEqual(parseChunks(cut(damaged, where)), parseChunks([damaged]))
        },
      ),
      { numRuns: 3000 },
    )
  })
})
