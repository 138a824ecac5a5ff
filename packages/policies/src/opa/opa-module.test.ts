import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parseRules } from './opa-bundle.ts'
import { toInputText } from './opa-input.ts'
import { OpaModule } from './opa-module.ts'

const BUNDLE = readFileSync(join(import.meta.dirname, 'cases/rules.tar.gz'))
const { wasm: WASM } = parseRules(BUNDLE)

const open = (entrypoint: string, memoryMiB = 16, bytes: Uint8Array = BUNDLE): OpaModule =>
  new OpaModule(bytes, { memoryMiB, entrypoint: `gatewright/test/${entrypoint}` })

const inputOf = (path: string[], more: object = {}): string =>
  JSON.stringify({ request: { method: 'GET', path }, client: { address: '192.0.2.1' }, caller: null, ...more })

describe('rules that were compiled to Wasm', () => {
  it('decide by their input, each time anew', () => {
    const module = open('allow')
    for (let at = 0; at < 3; at++) {
      assert.equal(module.evaluate(inputOf(['public', 'a'])), true)
      assert.equal(module.evaluate(inputOf(['private', 'a'])), false)
    }
  })

  it('see the data of their bundle', () => {
    const module = open('listed')
    assert.deepEqual(module.evaluate(inputOf([])), { allow: true })
    assert.deepEqual(module.evaluate(inputOf([], { client: { address: '192.0.2.66' } })), {
      allow: false,
      reason: 'blocked',
    })
  })

  it('say nothing where none of them holds', () => {
    assert.equal(open('decision').evaluate('{"request":{}}'), undefined)
  })

  it('are a module without a bundle, or in a bundle that is not packed', () => {
    for (const bytes of [WASM, gunzipSync(BUNDLE)]) {
      assert.equal(open('allow', 16, bytes).evaluate(inputOf(['public'])), true)
    }
    // Without its data, nobody is blocked.
    assert.deepEqual(open('listed', 16, WASM).evaluate(inputOf([], { client: { address: '192.0.2.66' } })), {
      allow: true,
    })
  })

  it('can be read from memory that threads share', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(BUNDLE.length))
    shared.set(BUNDLE)
    assert.equal(open('allow', 16, shared).evaluate(inputOf(['public'])), true)
    const inside = Buffer.concat([Buffer.from('xx'), BUNDLE]).subarray(2)
    assert.equal(open('allow', 16, inside).evaluate(inputOf(['public'])), true)
  })

  it('fail where they need more memory than they may have, and work again afterwards', () => {
    const module = open('big')
    assert.throws(() => module.evaluate('{}'), /opa_malloc/)
    assert.throws(() => module.evaluate('{}'), /opa_malloc/)
    assert.equal(open('big', 128).evaluate('{}'), true)
    const echo = open('echo', 1)
    assert.throws(() => echo.evaluate(inputOf(['a'.repeat(2_000_000)])))
    assert.deepEqual(Object.keys(echo.evaluate(inputOf(['a'])) as object).sort(), ['allow', 'headers'])
  })

  it('fail where they say two things at once', () => {
    assert.throws(() => open('conflict').evaluate(inputOf(['public'])), /conflict/)
  })

  it('see whatever the input may hold, as it is', () => {
    const module = open('echo')
    const input = fc.record({
      request: fc.jsonValue(),
      caller: fc.jsonValue(),
      client: fc.anything(),
      route: fc.string({ unit: 'binary' }),
    })
    fc.assert(
      fc.property(input, (value) => {
        const text = toInputText(JSON.parse(JSON.stringify(value)))
        const { headers } = module.evaluate(text) as { headers: Record<string, string> }
        assert.deepEqual(JSON.parse(headers['X-Input'] ?? ''), JSON.parse(text))
      }),
      { numRuns: 300 },
    )
  })

  it('see a half of a surrogate pair as U+FFFD, and not an input that is not there', () => {
    const module = open('echo')
    for (const [claim, seen] of [
      ['\ud800', '\ufffd'],
      ['a\udfffb', 'a\ufffdb'],
      ['\\\ud800', '\\\ufffd'],
      ['\\ud800', '\\ud800'],
      ['😀', '😀'],
    ] as const) {
      const input = toInputText({
        request: { [claim]: claim },
        caller: null,
        client: { address: '', certificate: null },
        route: [],
      })
      const { headers } = module.evaluate(input) as { headers: Record<string, string> }
      assert.deepEqual(JSON.parse(headers['X-Input'] ?? '').request, { [seen]: seen })
    }
  })

  it('fail for an input that is nested deeper than their stack', () => {
    const module = open('allow')
    const depth = 100_000
    assert.throws(() => module.evaluate(`{"request":${'['.repeat(depth)}${']'.repeat(depth)}}`))
    assert.equal(module.evaluate(inputOf(['public'])), true)
  })

  it('keep apart what one request and the next say', () => {
    const module = open('echo')
    const echoOf = (input: string): unknown =>
      JSON.parse((module.evaluate(input) as { headers: Record<string, string> }).headers['X-Input'] ?? '')
    assert.deepEqual(echoOf('{"secret":"of the first"}'), { secret: 'of the first' })
    assert.deepEqual(echoOf('{}'), {})
    assert.deepEqual(
      echoOf('{"__proto__":{"a":1},"ü":"😀\\u0000"}'),
      JSON.parse('{"__proto__":{"a":1},"ü":"😀\\u0000"}'),
    )
  })

  it('need an entrypoint that is there, by its name where there are several', () => {
    for (const [entrypoint, why] of [
      [undefined, /set entrypoint to the one that decides; there is: .*gatewright\/test\/allow/],
      ['gatewright/test/none', /there is no entrypoint "gatewright\/test\/none"; there is: /],
      ['toString', /there is no entrypoint "toString"/],
    ] as const) {
      assert.throws(() => new OpaModule(BUNDLE, { memoryMiB: 16, entrypoint }), why)
    }
  })
})

/** A head of ustar, and the content behind it. */
function tarOf(name: string, content: Buffer, { size = content.length.toString(8), type = '0' } = {}): Buffer {
  const head = Buffer.alloc(512)
  head.write(name, 0)
  head.write(size.padStart(11, '0'), 124)
  head.write(type, 156)
  head.write('ustar\0' + '00', 257)
  return Buffer.concat([head, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

describe('a file of compiled rules', () => {
  for (const [says, bytes, why] of [
    ['is empty', Buffer.alloc(0), /neither a Wasm module nor a bundle/],
    ['is text', Buffer.from('package a\n\ndefault allow := false\n'.repeat(100)), /neither a Wasm module nor a bundle/],
    ['is a tar of nothing', Buffer.alloc(10_240), /neither a Wasm module nor a bundle/],
    ['has no module', tarOf('/data.json', Buffer.from('{}')), /no policy\.wasm/],
    ['has a module in a folder only', tarOf('/other/policy.wasm', Buffer.from(WASM)), /no policy\.wasm/],
    ['has a link for a module', tarOf('policy.wasm', Buffer.alloc(0), { type: '2' }), /neither|no policy\.wasm/],
    ['has a module that is none', tarOf('policy.wasm', Buffer.from('MZ')), /no policy\.wasm/],
    ['says to be longer than it is', tarOf('policy.wasm', Buffer.from(WASM), { size: '77777777777' }), /cut off/],
    ['has a size that is no number', tarOf('policy.wasm', Buffer.from(WASM), { size: 'zzzzzzzzzzz' }), /cut off/],
    ['has a negative size', tarOf('policy.wasm', Buffer.from(WASM), { size: '-1' }), /no policy\.wasm/],
    ['is cut off within', gunzipSync(BUNDLE).subarray(0, 5000), /cut off/],
    ['is cut off while packed', BUNDLE.subarray(0, 5000), /unpacked/],
    ['unpacks to more than any rules have (CWE-409)', gzipSync(Buffer.alloc(65 * 1024 * 1024)), /more than 64 MiB/],
  ] as const) {
    it(`is refused where it ${says}`, () => assert.throws(() => parseRules(bytes), why))
  }

  it('is refused where its module cannot be compiled, or is not of OPA', () => {
    const open = (bytes: Uint8Array) => new OpaModule(bytes, { memoryMiB: 16, entrypoint: undefined })
    assert.throws(() => open(WASM.subarray(0, 1000)), /CompileError|WebAssembly/)
    // WebAssembly Core §5.5.16: a module of nothing but its version.
    assert.throws(() => open(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), /cannot be loaded/)
  })

  it('is refused where its data is no JSON, or has no room', () => {
    const withData = (data: string, memoryMiB: number) =>
      new OpaModule(Buffer.concat([tarOf('policy.wasm', Buffer.from(WASM)), tarOf('data.json', Buffer.from(data))]), {
        ...{ memoryMiB, entrypoint: 'gatewright/test/allow' },
      })
    assert.throws(() => withData('{', 16), /cannot be loaded/)
    assert.throws(() => withData(JSON.stringify({ a: 'x'.repeat(3_000_000) }), 2), /cannot be loaded into 2 MiB/)
    assert.doesNotThrow(() => withData('{}', 1))
  })
})
