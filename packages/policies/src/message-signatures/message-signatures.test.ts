import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { type TestRequest, toRequest } from '../testing/index.ts'
import { parseComponent } from './component.ts'
import { toComponentValue } from './component-value.ts'
import { assertContentDigest } from './content-digest.ts'
import {
  RFC9421_EXAMPLES,
  RFC9421_PUBLIC_KEYS,
  RFC9421_RESPONSE_EXAMPLE,
  RFC9421_SHARED_SECRET,
  TEST_REQUEST,
  TRANSFORMED_REQUEST,
} from './rfc9421.fixture.ts'
import { createVerificationKey, type KeyMaterial } from './signature-algorithm.ts'
import { toSignatureBase } from './signature-base.ts'
import { SignatureFault } from './signature-fault.ts'
import { parseSignatures } from './signature-input.ts'
import { toStructuredTypes } from './structured-types.ts'

const types = toStructuredTypes({ 'Example-Dict': 'dictionary', 'example-list': 'list' })
const secret = new Secret(RFC9421_SHARED_SECRET)

const KEYS: Readonly<Record<string, KeyMaterial>> = {
  'test-key-rsa-pss': { algorithm: 'rsa-pss-sha512', publicKey: RFC9421_PUBLIC_KEYS.rsaPss },
  'test-key-ecc-p256': { algorithm: 'ecdsa-p256-sha256', publicKey: RFC9421_PUBLIC_KEYS.p256 },
  'test-key-ed25519': { algorithm: 'ed25519', publicKey: RFC9421_PUBLIC_KEYS.ed25519 },
  'test-shared-secret': { algorithm: 'hmac-sha256', secret, secretEncoding: 'base64' },
}

const keyOf = (id: string) => createVerificationKey(KEYS[id] ?? assert.fail(`there is no ${id}`))
const reasonIs = (reason: string) => (thrown: unknown) => thrown instanceof SignatureFault && thrown.reason === reason
const readComponent = (component: string, request: TestRequest) =>
  toComponentValue(parseComponent(component), toRequest(request), types)

function verify({ input, signature, request }: { input: string; signature: string; request: TestRequest }): boolean {
  const [parsed] = parseSignatures(input, signature)
  assert.ok(parsed?.keyid !== undefined)
  return keyOf(parsed.keyid).verifies(Buffer.from(toSignatureBase(parsed, toRequest(request), types)), parsed.octets)
}

describe('the examples of RFC 9421, Appendix B', () => {
  for (const example of RFC9421_EXAMPLES) {
    const { section, keyid, algorithm, input, signature, request } = example
    it(`${section}: the same text is signed`, () => {
      const [parsed] = parseSignatures(input, signature)
      assert.equal(toSignatureBase(parsed ?? assert.fail(), toRequest(request), types), example.base)
    })

    it(`${section}: the signature holds, by ${algorithm}`, () => {
      assert.equal(keyOf(keyid).algorithm, algorithm)
      assert.ok(verify(example))
    })

    it(`${section}: and for one octet more it does not`, () => {
      const [parsed] = parseSignatures(input, signature)
      const key = keyOf(keyid)
      const { octets } = parsed ?? assert.fail()
      assert.ok(key.verifies(Buffer.from(example.base), octets))
      assert.ok(!key.verifies(Buffer.from(`${example.base} `), octets))
      for (const at of [0, octets.length - 1]) {
        const changed = Buffer.from(octets)
        changed[at] = (changed[at] ?? 0) ^ 1
        assert.ok(!key.verifies(Buffer.from(example.base), changed))
      }
    })

    it(`${section}: nor cut off, longer, or empty`, () => {
      const [{ octets } = assert.fail()] = parseSignatures(input, signature)
      for (const wrong of [
        Buffer.alloc(0),
        octets.subarray(1),
        octets.subarray(0, -1),
        Buffer.concat([octets, octets]),
      ]) {
        assert.equal(keyOf(keyid).verifies(Buffer.from(example.base), wrong), false)
      }
    })
  }

  it('B.2.4: its signature of a response holds for its text, by ecdsa-p256-sha256', () => {
    const { base, signature } = RFC9421_RESPONSE_EXAMPLE
    assert.ok(keyOf('test-key-ecc-p256').verifies(Buffer.from(base), Buffer.from(signature, 'base64')))
  })

  const transform = RFC9421_EXAMPLES.find(({ section }) => section === 'B.4') ?? assert.fail()
  const [host, date, acceptJson, acceptAll] = TRANSFORMED_REQUEST.headers
  const transformed = (change: Partial<TestRequest>) => ({
    ...transform,
    request: { ...TRANSFORMED_REQUEST, ...change },
  })

  for (const [what, change] of [
    [
      'a query parameter and a field more',
      {
        target: '/demo?name1=Value1&Name2=value2&param=added',
        headers: [...TRANSFORMED_REQUEST.headers, ['Accept-Language', 'en-US,en;q=0.5']],
      },
    ],
    [
      'fields removed, added and joined',
      { headers: [host, ['Referer', 'https://developer.example.org/demo'], ['Accept', 'application/json, */*']] },
    ],
    ['fields in another order', { headers: [acceptJson, acceptAll, date, host] }],
  ] as const) {
    it(`B.4: holds after ${what}`, () => assert.ok(verify(transformed(change))))
  }

  for (const [what, change] of [
    ['another method and host', { method: 'POST', host: 'example.com' }],
    ['another method', { method: 'POST' }],
    ['another host', { host: 'example.com' }],
    ['two lines of a field in another order', { headers: [host, date, acceptAll, acceptJson] }],
  ] as const) {
    it(`B.4: does not hold after ${what}`, () => assert.ok(!verify(transformed(change))))
  }
})

describe('components of a request (RFC 9421 §2.2)', () => {
  const request = { method: 'POST', target: '/path?param=value', host: 'www.example.com', scheme: 'https' } as const

  for (const [component, change, value] of [
    ['@method', {}, 'POST'],
    ['@method', { method: 'get' }, 'get'],
    ['@target-uri', {}, 'https://www.example.com/path?param=value'],
    ['@target-uri', { target: 'http://www.example.com?a' }, 'https://www.example.com/?a'],
    ['@target-uri', { method: 'OPTIONS', target: '*' }, 'https://www.example.com'],
    ['@target-uri', { target: '/a/../%61?', host: 'WWW.Example.com:443' }, 'https://www.example.com/a/../%61?'],
    ['@authority', {}, 'www.example.com'],
    ['@authority', { host: 'WWW.EXAMPLE.com:443' }, 'www.example.com'],
    ['@authority', { host: 'www.example.com:80' }, 'www.example.com:80'],
    ['@authority', { host: 'www.example.com:80', scheme: 'http' }, 'www.example.com'],
    ['@authority', { host: '[2001:DB8::443]:8443' }, '[2001:db8::443]:8443'],
    ['@scheme', { scheme: 'http' }, 'http'],
    ['@request-target', {}, '/path?param=value'],
    ['@request-target', { target: 'https://www.example.com/path' }, 'https://www.example.com/path'],
    ['@request-target', { method: 'OPTIONS', target: '*' }, '*'],
    ['@path', {}, '/path'],
    ['@path', { target: '/a%2fb/%7e?x' }, '/a%2fb/%7e'],
    ['@path', { target: 'https://www.example.com' }, '/'],
    ['@path', { target: 'https://www.example.com/p?q' }, '/p'],
    ['@query', { target: '/path?param=value&foo=bar&baz=bat%2Dman' }, '?param=value&foo=bar&baz=bat%2Dman'],
    ['@query', { target: '/path?queryString' }, '?queryString'],
    ['@query', { target: '/path' }, '?'],
    ['@query', { target: '/path?' }, '?'],
    ['"@query-param";name="baz"', { target: '/path?param=value&foo=bar&baz=batman&qux=' }, 'batman'],
    ['"@query-param";name="qux"', { target: '/path?param=value&foo=bar&baz=batman&qux=' }, ''],
    ['"@query-param";name="qux"', { target: '/path?qux' }, ''],
    // RFC 9421 §2.2.8, the second example.
    ...(
      [
        ['var', 'this%20is%20a%20big%0Amultiline%20value'],
        ['bar', 'with%20plus%20whitespace'],
        ['fa%C3%A7ade%22%3A%20', 'something'],
      ] as const
    ).map(([name, expected]) => {
      const target =
        '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something'
      return [`"@query-param";name="${name}"`, { target }, expected] as const
    }),
    ['"@query-param";name="a"', { target: "/?a=!'()~*-._" }, '%21%27%28%29%7E*-._'],
  ] as const) {
    it(`${component} of ${JSON.stringify(change)} is ${JSON.stringify(value)}`, () => {
      assert.equal(readComponent(component, { ...request, ...change }), value)
    })
  }

  for (const [component, change, reason] of [
    ['"@query-param";name="a"', { target: '/?b=1' }, 'component-missing'],
    ['"@query-param";name=""', { target: '/' }, 'component-missing'],
    ['"@query-param";name="A"', { target: '/?a=1' }, 'component-missing'],
    // Which of two counts is anybody's guess: RFC 9421 §2.2.8, §7.5.8.
    ['"@query-param";name="a"', { target: '/?a=1&a=1' }, 'ambiguous-component'],
    ['"@query-param";name="a"', { target: '/?a=1&%61=2' }, 'ambiguous-component'],
    ['"@query-param";name="a"', { target: '/?a=%ff' }, 'ambiguous-component'],
    ['"@query-param";name="a"', { target: '/?a=%zz' }, 'ambiguous-component'],
    ['"@query-param";name="a"', { target: '/?%=&a=1' }, 'ambiguous-component'],
    ['x-amount', { headers: { 'X-Amount': '1', X_Amount: '999' } }, 'ambiguous-component'],
    ['x_amount', { headers: { X_Amount: '1', 'x-amount': '999' } }, 'ambiguous-component'],
    ['@authority', { host: '' }, 'component-missing'],
    ['@path', { target: '/\u00fc' }, 'unsignable-component'],
    ['x-none', {}, 'component-missing'],
    ['x-name', { headers: { 'X-Name': 'J\u00fcrgen' } }, 'unsignable-component'],
    ['x_role', { headers: { 'X-Role': 'a' } }, 'component-missing'],
    ['"x-name";sf', { headers: { 'X-Name': 'a' } }, 'unknown-structure'],
    ['"x-name";key="a"', { headers: { 'X-Name': 'a' } }, 'unknown-structure'],
    ['"example-list";key="a"', { headers: { 'Example-List': 'a' } }, 'unknown-structure'],
    ['"example-dict";key="b"', { headers: { 'Example-Dict': 'a' } }, 'component-missing'],
    ['"example-dict";key="constructor"', { headers: { 'Example-Dict': 'a' } }, 'component-missing'],
    ['"example-dict";sf', { headers: { 'Example-Dict': 'A=1' } }, 'malformed-component'],
  ] as const) {
    it(`${component} of ${JSON.stringify(change)} is refused: ${reason}`, () => {
      assert.throws(() => readComponent(component, { ...request, ...change }), reasonIs(reason))
    })
  }

  const fields = (...lines: string[]) => ({ headers: lines.map((line) => ['Example-Dict', line] as const) })

  for (const [component, given, value] of [
    // RFC 9421 §2.1.1, §2.1.2
    ['example-dict', fields('a=1,    b=2;x=1;y=2,   c=(a   b   c)'), 'a=1,    b=2;x=1;y=2,   c=(a   b   c)'],
    ['"example-dict";sf', fields('a=1,    b=2;x=1;y=2,   c=(a   b   c)'), 'a=1, b=2;x=1;y=2, c=(a b c)'],
    ['"example-dict";sf', fields('a=1', 'b=2', 'a=3'), 'a=3, b=2'],
    ['"example-dict";key="a"', fields('a=1, b=2;x=1;y=2, c=(a   b    c), d'), '1'],
    ['"example-dict";key="d"', fields('a=1, b=2;x=1;y=2, c=(a   b    c), d'), '?1'],
    ['"example-dict";key="b"', fields('a=1, b=2;x=1;y=2, c=(a   b    c), d'), '2;x=1;y=2'],
    ['"example-dict";key="c"', fields('a=1', 'b=2;x=1;y=2, c=(a   b    c), d'), '(a b c)'],
    // RFC 9421 §2.1.3: one line with a comma in it, and two lines, are told apart.
    ['"example-dict";bs', fields('value, with, lots', 'of, commas'), ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
    ['"example-dict";bs', fields('value, with, lots, of, commas'), ':dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:'],
    ['"example-dict";bs', fields('\xff'), ':/w==:'],
    // RFC 9421 §2.1
    ['example-dict', fields('  a \t', 'b', ''), 'a, b, '],
    ['"priority";sf', { headers: { Priority: 'u=1,   i' } }, 'u=1, i'],
    ['"client-cert";sf', { headers: { 'Client-Cert': ':YQ==:' } }, ':YQ==:'],
    ['"example-list";sf', { headers: { 'Example-List': 'a,b' } }, 'a, b'],
  ] as const) {
    it(`${component} of ${JSON.stringify(given.headers)} is ${JSON.stringify(value)}`, () => {
      assert.equal(readComponent(component, given), value)
    })
  }
})

describe('what a signature may cover', () => {
  for (const [component, reason] of [
    ['@status', 'unknown-component'],
    ['@signature-params', 'unknown-component'],
    ['@Method', 'unknown-component'],
    ['"@method";req', 'unknown-component'],
    ['"content-type";req', 'unknown-component'],
    ['"expires";tr', 'unknown-component'],
    ['"@method";sf', 'unknown-component'],
    ['"@path";name="a"', 'unknown-component'],
    ['"a";constructor', 'unknown-component'],
    ['"a";sf=?0', 'malformed-component'],
    ['"a";sf=1', 'malformed-component'],
    ['"a";key=b', 'malformed-component'],
    ['"a";bs;sf', 'malformed-component'],
    ['"a";bs;key="b"', 'malformed-component'],
    ['@query-param', 'malformed-component'],
    ['Content-Type', 'malformed-component'],
    ['a b', 'malformed-component'],
    ['', 'malformed-component'],
    ['a\nb', 'malformed-component'],
    ['"a', 'malformed-component'],
    ['"a" "b"', 'malformed-component'],
  ] as const) {
    it(`is not ${JSON.stringify(component)}: ${reason}`, () => {
      assert.throws(() => parseComponent(component), reasonIs(reason))
    })
  }
})

describe('Signature-Input and Signature', () => {
  const OCTETS = ':YQ==:'
  const refuse = (input: string, signature: string, reason: string) =>
    assert.throws(() => parseSignatures(input, signature), reasonIs(reason), `${input} ${signature}`)

  it('are read with all that a signature says of itself, in its order', () => {
    const input =
      'sig1=("@method" "a";sf);created=1;expires=2;nonce="n";alg="hmac-sha256";keyid="k";tag="t";x-own=tok, b=();keyid="l"'
    const [first, second] = parseSignatures(input, `b=:Yg==:, sig1=${OCTETS}`)
    const { label, components, parametersText, octets, ...parameters } = first ?? assert.fail()
    assert.deepEqual(parameters, { created: 1, expires: 2, nonce: 'n', alg: 'hmac-sha256', keyid: 'k', tag: 't' })
    assert.deepEqual([label, parametersText], ['sig1', input.slice(5, input.indexOf(', b='))])
    assert.deepEqual(
      components.map(({ text }) => text),
      ['"@method"', '"a";sf'],
    )
    assert.deepEqual([Buffer.from(octets).toString(), Buffer.from(second?.octets ?? []).toString()], ['a', 'b'])
  })

  it('are refused where they are not well-formed', () => {
    for (const input of [
      '',
      'a',
      'a=1',
      'a="@method"',
      'a=("@method"',
      'a=(@method)',
      'a=(1)',
      'a=("@method");created',
      '💥',
      'A=()',
    ]) {
      assert.throws(() => parseSignatures(input, `a=${OCTETS}`), SignatureFault, input)
    }
    for (const signature of ['a', 'a=b', 'a="YQ=="', 'a=:YQ==', 'a=(:YQ==:)', 'a=:Y:', 'a=YQ==']) {
      assert.throws(() => parseSignatures('a=()', signature), SignatureFault, signature)
    }
  })

  for (const [what, parameters] of [
    ['a date', 'created=@1'],
    ['a decimal', 'created=1.0'],
    ['a string', 'created="1"'],
    ['a time before 1970', 'created=-1'],
    ['a flag', 'expires'],
    ['a token for a key', 'keyid=k'],
    ['octets for a nonce', 'nonce=:YQ==:'],
    ['a token for an algorithm', 'alg=hmac-sha256'],
    ['an end before its beginning', 'created=2;expires=1'],
    ['two beginnings', 'created=1;created=2'],
    ['two keys', 'keyid="a";keyid="b"'],
  ] as const) {
    it(`are refused with ${what}`, () => refuse(`a=();${parameters}`, `a=${OCTETS}`, 'malformed-signature'))
  }

  it('are refused with one label twice: somebody else may have read the first (RFC 9421 §7.5.3)', () => {
    refuse('a=("@method"), a=()', `a=${OCTETS}`, 'malformed-signature')
    refuse('a=()', `a=${OCTETS}, a=:Yg==:`, 'malformed-signature')
  })

  it('are refused with a component twice, its parameters in whatever order (RFC 9421 §2)', () => {
    refuse('a=("@method" "@method")', `a=${OCTETS}`, 'malformed-signature')
    refuse('a=("d";sf;key="k" "d";key="k";sf)', `a=${OCTETS}`, 'malformed-signature')
    assert.equal(parseSignatures('a=("d";sf "d";key="k" "d")', `a=${OCTETS}`).length, 1)
  })

  it('are refused where a label stands in one of them alone', () => {
    refuse('a=(), b=()', `a=${OCTETS}`, 'unpaired-signature')
    refuse('a=()', `a=${OCTETS}, b=${OCTETS}`, 'unpaired-signature')
    refuse('a=()', `b=${OCTETS}`, 'unpaired-signature')
  })

  it('are refused unread where they are huge', () => {
    refuse(`a=(${'"@method" '.repeat(2000)})`, `a=${OCTETS}`, 'oversized-signature')
    refuse('a=()', `a=:${'YWFh'.repeat(5000)}:`, 'oversized-signature')
    const names = Array.from({ length: 65 }, (_, at) => `"x-${at}"`).join(' ')
    refuse(`a=(${names})`, `a=${OCTETS}`, 'oversized-signature')
    const labels = 'abcdefghi'.split('')
    refuse(
      labels.map((label) => `${label}=()`).join(),
      labels.map((label) => `${label}=${OCTETS}`).join(),
      'oversized-signature',
    )
  })
})

describe('Content-Digest', () => {
  const digest = TEST_REQUEST.headers[3][1]
  const body = Buffer.from(TEST_REQUEST.body)
  // RFC 9530 Appendix D, and RFC 9421 §7.2.8: of the same body.
  const sha256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'

  it('is that of the body, by SHA-512, SHA-256, or both', () => {
    for (const field of [digest, sha256, `${digest}, ${sha256}`]) assertContentDigest(field, body)
  })

  for (const [what, field, reason] of [
    ['of another body', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:', 'digest-mismatch'],
    ['of which one is wrong', `${digest}, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:`, 'digest-mismatch'],
    ['cut off', 'sha-256=:X48E9qOokqqrvdts8nOJRA==:', 'digest-mismatch'],
    ['of no octets', 'sha-256=::', 'digest-mismatch'],
    ['by MD5 (RFC 9530 §5)', 'md5=:qOokqqrvdts8nOJRJN3OWA==:', 'digest-algorithm'],
    ['by one that is known and one that is not', `${sha256}, sha=:YQ==:`, 'digest-algorithm'],
    ['by a name that objects have', 'constructor=:YQ==:', 'digest-algorithm'],
    ['that is empty', '', 'digest-malformed'],
    ['that is missing', undefined, 'digest-malformed'],
    ['written as Digest was (RFC 3230)', 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=', 'digest-malformed'],
    ['twice', `${sha256}, ${sha256}`, 'digest-malformed'],
    ['as a string', 'sha-256="X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="', 'digest-malformed'],
  ] as const) {
    it(`is refused ${what}`, () => assert.throws(() => assertContentDigest(field, body), reasonIs(reason)))
  }
})
