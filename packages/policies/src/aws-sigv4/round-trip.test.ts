import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Field } from '../aws-signature/sign-aws-request.ts'
import { guarded, presigned, type SignedCall, signed } from './signed-call.fixture.ts'

const SEED = 20_260_131

// What a target may hold on the wire: no control, no space, no `#`; any octet escaped.
const octet = fc.integer({ min: 0, max: 255 }).map((code) => `%${code.toString(16).padStart(2, '0')}`)
const pathText = fc.array(fc.oneof(octet, fc.constantFrom(...'aZ09-._~/;=+@:$&%')), { maxLength: 30 })
const queryText = fc.array(fc.oneof(octet, fc.constantFrom(...'abZ09-._~/?=&+%&=')), { maxLength: 30 })
const target = fc.tuple(pathText, queryText).map(([path, query]) => `/${path.join('')}?${query.join('')}`)
const value = fc
  .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9)), {
    maxLength: 20,
  })
  .map((codes) => String.fromCharCode(...codes).trim())
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,10}$/)
const headers = fc.array(
  fc.tuple(
    name.map((text) => `X-T-${text}`),
    value,
  ),
  { maxLength: 8 },
)
const call = fc.record({
  ...{ target, headers },
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'),
  body: fc.string({ unit: 'binary' }),
  service: fc.constantFrom('execute-api', 's3'),
  tellsPayloadHash: fc.boolean(),
})
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never

const reasonOf = async (request: SignedCall, { service }: Call) =>
  (await guarded({ service, presigned: 'allow', unsignedPayload: 'allow' }).with(request)).problem?.reason

describe('whatever a request is', () => {
  it('its signature holds in fields', () =>
    fc.assert(
      fc.asyncProperty(call, async (given) => assert.equal(await reasonOf(signed(given), given), undefined)),
      { seed: SEED, numRuns: 300 },
    ))

  it('its signature holds in the query', () =>
    fc.assert(
      fc.asyncProperty(call, async (given) => assert.equal(await reasonOf(presigned(given), given), undefined)),
      { seed: SEED, numRuns: 300 },
    ))

  it('another value of a signed field breaks it', () =>
    fc.assert(
      fc.asyncProperty(call, fc.nat(), async (given, at) => {
        const request = signed(given)
        const changed = at % (request.headers.length - 1)
        const fields = request.headers.map(
          ([field, text], index): Field => [field, index === changed ? `${text}x` : text],
        )
        // The host is that of the request, whatever a field says.
        if (fields[changed]![0] === 'Host') return
        assert.ok((await reasonOf({ ...request, headers: fields }, given)) !== undefined)
      }),
      { seed: SEED, numRuns: 300 },
    ))

  it('another body breaks it', () =>
    fc.assert(
      fc.asyncProperty(call, fc.string({ minLength: 1 }), async (given, more) => {
        const request = signed(given)
        const reason = await reasonOf({ ...request, body: given.body + more }, given)
        assert.match(reason ?? '', /^(?:payload|signature)-mismatch$/)
      }),
      { seed: SEED, numRuns: 300 },
    ))
})
