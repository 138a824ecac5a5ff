import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRefused, by, GET, guarded, NOW, publicKey, signed, TARGET } from './signed-requests.fixture.ts'

describe('attacks on signatures', () => {
  for (const [what, change] of [
    ['another method', { method: 'DELETE' }],
    ['another path', { target: '/order?page=2' }],
    ['another query', { target: '/orders?page=3' }],
    ['a path in other letters', { target: '/Orders?page=2' }],
    ['an octet that is percent-encoded', { target: '/%6frders?page=2' }],
    ['a dot segment', { target: '/./orders?page=2' }],
    ['an empty query parameter more', { target: '/orders?page=2&' }],
    ['another host', { host: 'api.example.org' }],
    ['another port', { host: 'api.example.com:81' }],
    ['another scheme', { scheme: 'https' }],
  ] as const) {
    it(`${what} is not what was signed`, async () => {
      assertRefused(await guarded().with({ ...signed(), ...change }), 'wrong-signature')
    })
  }

  it('a field that is signed may not come twice', async () => {
    const request = signed({ covered: { ...TARGET, '"x-amount"': '1' } }, { ...GET, headers: { 'X-Amount': '1' } })
    assert.equal((await guarded().with(request)).status, 200)
    const twice = { ...request, headers: [...(request.headers as [string, string][]), ['X-Amount', '9'] as const] }
    assertRefused(await guarded().with(twice), 'wrong-signature')
  })

  it('Signature-Input may not come twice with one label', async () => {
    const { headers } = signed()
    const twice = [
      ...(headers as [string, string][]),
      ['Signature-Input', 'sig1=();created=1;keyid="partner"'] as const,
    ]
    assertRefused(await guarded().with({ ...GET, headers: twice }), 'malformed-signature')
  })

  for (const [what, signature] of [
    ['empty', 'sig1=::'],
    ['cut off', 'sig1=:YWJj:'],
    ['no octets', 'sig1="YWJj"'],
    ['garbage', '\xff\xfe;;;='],
    ['missing', ''],
  ] as const) {
    it(`a signature that is ${what} is refused`, async () => {
      const [input] = (signed().headers as [string, string][]).filter(([name]) => name === 'Signature-Input')
      const headers = [input ?? assert.fail(), ['Signature', signature] as const]
      assert.equal((await guarded().with({ ...GET, headers })).problem?.code, 'credential-invalid')
    })
  }

  it('the algorithm is the key’s, and no other (RFC 9421 §7.3.6)', async () => {
    assert.equal((await guarded().with(signed({ parameters: by('partner', ';alg="hmac-sha256"') }))).status, 200)
    for (const alg of ['ed25519', 'HMAC-SHA256', 'none', '']) {
      assertRefused(await guarded().with(signed({ parameters: by('partner', `;alg="${alg}"`) })), 'other-algorithm')
    }
    // A public key is no secret: an HMAC with it is anybody's.
    const parameters = by('bank', ';alg="hmac-sha256"')
    assertRefused(await guarded().with(signed({ parameters, secret: publicKey })), 'other-algorithm')
    assertRefused(await guarded().with(signed({ parameters: by('bank'), secret: publicKey })), 'wrong-signature')
  })

  for (const keyid of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'PARTNER', 'partner ']) {
    it(`a key called ${JSON.stringify(keyid)} is not known`, async () => {
      assertRefused(await guarded().with(signed({ parameters: by(keyid) })), 'unknown-key')
    })
  }

  it('a signature without a key’s name is nobody’s', async () => {
    assertRefused(await guarded().with(signed({ parameters: `;created=${NOW}` })), 'unknown-key')
  })

  it('what was signed cannot be said otherwise afterwards', async () => {
    const [input = '', signature = ''] = (signed().headers as [string, string][]).map(([, value]) => value)
    for (const changed of [
      input.replace(`${NOW}`, `${NOW + 1}`),
      input.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
      `${input};nonce="fresh"`,
      `${input};expires=${NOW + 9}`,
    ]) {
      assert.notEqual(changed, input)
      const headers = { 'Signature-Input': changed, Signature: signature }
      assertRefused(await guarded().with({ ...GET, headers }), 'wrong-signature')
    }
  })

  it('spaces that a proxy puts between members change nothing', async () => {
    const [input = '', signature = ''] = (signed().headers as [string, string][]).map(([, value]) => value)
    const headers = {
      'Signature-Input': input.replace('(', '(  ').replace('" "', '"   "'),
      Signature: `  ${signature} `,
    }
    assert.equal((await guarded().with({ ...GET, headers })).status, 200)
  })

  it('a huge Signature-Input is not read', async () => {
    const headers = { 'Signature-Input': `sig1=(${'"a" '.repeat(10_000)})`, Signature: 'sig1=:YQ==:' }
    assertRefused(await guarded().with({ ...GET, headers }), 'oversized-signature')
  })

  it('the older draft is refused, and says so', async () => {
    const draft = 'keyId="partner",algorithm="hmac-sha256",headers="(request-target) date",signature="YWJj"'
    for (const headers of [
      { Authorization: `Signature ${draft}` },
      { authorization: `signature ${draft}` },
      { Signature: draft },
    ]) {
      for (const anonymous of [true, false]) {
        const answer = await guarded({ anonymous }).with({ ...GET, headers })
        assertRefused(answer, 'draft-signature')
        assert.match(answer.problem?.detail ?? '', /RFC 9421/)
      }
    }
    assert.equal(
      (await guarded().with({ ...GET, headers: { Authorization: 'Bearer x' } })).problem?.code,
      'credential-missing',
    )
  })

  it('wrong ones are slowed by where they come from, and never by the key they name', async () => {
    const subject = guarded({ attempts: { perAddress: 2 } })
    const wrong = () => signed({ secret: 'another secret' })
    for (let at = 0; at < 2; at++)
      assertRefused(await subject.with(wrong(), { address: '192.0.2.7' }), 'wrong-signature')
    const { problem, headers } = await subject.with(signed(), { address: '192.0.2.7' })
    assert.deepEqual([problem?.code, headers.has('retry-after')], ['too-many-attempts', true])
    assert.equal((await subject.with(signed(), { address: '192.0.2.8' })).status, 200)
  })

  it('a guesser is told the same of a key that is known and of one that is not', async () => {
    const unknown = await guarded().with(signed({ parameters: by('nobody') }))
    const wrong = await guarded().with(signed({ secret: 'another secret' }))
    const other = await guarded().with(signed({ parameters: by('partner', ';alg="ed25519"') }))
    assert.equal(unknown.problem?.detail, wrong.problem?.detail)
    assert.equal(other.problem?.detail, wrong.problem?.detail)
  })
})
