import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { judgeAnswer } from './judge-answer.ts'
import { OcspFault } from './ocsp-fault.ts'
import { isMustStaple, type OcspSubject, toOcspSubject } from './ocsp-subject.ts'
import { type AnswerOptions, TestResponder } from './test-responder.fixture.ts'

const HOUR_MS = 3_600_000
const DELEGATE = ['extendedKeyUsage=OCSPSigning']

describe('an answer of a responder', () => {
  let root: TestAuthority
  let authority: TestAuthority
  let responder: TestResponder
  let subject: OcspSubject

  before(async () => {
    root = TestAuthority.create()
    authority = root.createIntermediate()
    responder = await TestResponder.listen(authority)
    subject = toOcspSubject(responder.issue().certPem)
  })
  after(async () => {
    await responder.close()
    root.remove()
  })

  const judge = async (options: AnswerOptions = {}, nowMs = Date.now()) =>
    judgeAnswer(await responder.answer(subject.request, options), subject, nowMs)

  const refusal = async (options: AnswerOptions = {}, nowMs = Date.now()): Promise<string> => {
    try {
      await judge(options, nowMs)
      return 'taken'
    } catch (error) {
      assert.ok(error instanceof OcspFault, String(error))
      return error.message
    }
  }

  it('that is good counts from its beginning to its end', async () => {
    const { status, thisUpdateMs, nextUpdateMs } = await judge()
    assert.equal(status, 'good')
    assert.equal(nextUpdateMs - thisUpdateMs, HOUR_MS)
    assert.match(await refusal({}, nextUpdateMs + 60_000), /^the answer counted until /)
    assert.match(await refusal({}, thisUpdateMs - HOUR_MS), /^the answer counts from .* on only$/)
  })

  it('may name who signed it by his key', async () => {
    assert.equal((await judge({ args: ['-nmin', '60', '-resp_key_id'] })).status, 'good')
  })

  it('may be signed by RSA, and by whom its issuer lets speak for it', async () => {
    for (const keyType of ['ecdsa', 'rsa'] as const) {
      const signer = authority.issue({ names: ['responder'], keyType, extensions: DELEGATE })
      assert.equal((await judge({ signer })).status, 'good')
    }
  })

  it('tells since when a certificate is revoked', async () => {
    const revoked = responder.issue()
    responder.set(revoked, 'revoked')
    const about = toOcspSubject(revoked.certPem)
    const verdict = judgeAnswer(await responder.answer(about.request), about, Date.now())
    assert.equal(verdict.status, 'revoked')
    assert.equal(verdict.revokedAtMs, Date.UTC(2026, 0, 1))
  })

  it('that says nothing is none', async () => {
    const stranger = authority.issue()
    const about = toOcspSubject(stranger.certPem)
    const der = await responder.answer(about.request)
    assert.throws(() => judgeAnswer(der, about, Date.now()), /the responder does not know the certificate/)
    assert.throws(() => judgeAnswer(der, subject, Date.now()), /the answer is about another certificate/)
    assert.equal(await refusal({ args: [] }), 'the answer does not say until when it counts')
  })

  it('is refused where it is signed by somebody else', async () => {
    const wrong = 'who signed the answer may not speak for the issuer'
    const plain = authority.issue({ names: ['no responder'] })
    assert.equal(await refusal({ signer: plain }), wrong)
    assert.equal(await refusal({ signer: root.issue({ names: ['of the root'], extensions: DELEGATE }) }), wrong)
    const old = authority.issue({ names: ['old'], extensions: DELEGATE, days: -1 })
    assert.equal(await refusal({ signer: old }), wrong)
    const stranger = TestAuthority.create('Test Intermediate')
    try {
      assert.equal(await refusal({ signer: stranger }), 'the signature of the answer is wrong')
    } finally {
      stranger.remove()
    }
  })

  it('is refused where its signature is wrong, old-fashioned, or by nobody that it shows', async () => {
    const args = ['-nmin', '60']
    assert.equal(await refusal({ args: [...args, '-badsig'] }), 'the signature of the answer is wrong')
    assert.match(
      await refusal({ args: [...args, '-rmd', 'sha1'] }),
      /^the answer is signed by 1\.2\.840\.10045\.4\.1, /,
    )
    const signer = authority.issue({ names: ['responder'], extensions: DELEGATE })
    assert.equal(
      await refusal({ signer, args: [...args, '-resp_no_certs'] }),
      'the answer does not hold the certificate of who signed it',
    )
  })

  it('is refused where a responder says that it has none', () => {
    // RFC 6960 §4.2.1: OCSPResponseStatus alone, as an ENUMERATED of a SEQUENCE.
    for (const [status, name] of [
      [3, 'tryLater'],
      [6, 'unauthorized'],
      [9, 'status 9'],
    ] as const) {
      const der = Buffer.from([0x30, 0x03, 0x0a, 0x01, status])
      assert.throws(() => judgeAnswer(der, subject, Date.now()), { message: `the responder answers ${name}` })
    }
    const none = Buffer.from([0x30, 0x03, 0x0a, 0x01, 0])
    assert.throws(() => judgeAnswer(none, subject, Date.now()), OcspFault)
  })

  it('that is garbage, or cut off, or changed in one place, is never taken and never worse than refused', async () => {
    const der = await responder.answer(subject.request)
    const nested = Buffer.alloc(60_000, Buffer.from([0x30, 0x80]))
    const long = Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0])
    for (const garbage of [Buffer.alloc(0), Buffer.from('<html>'), nested, long, Buffer.alloc(60_000, 0xff)]) {
      assert.throws(() => judgeAnswer(garbage, subject, Date.now()), OcspFault)
    }
    for (let at = 0; at < der.length; at += 3) {
      assert.throws(() => judgeAnswer(der.subarray(0, at), subject, Date.now()), OcspFault, `cut off at ${at}`)
      const changed = Buffer.from(der)
      changed[at] = (changed[at] ?? 0) ^ 0x55
      let status: string | undefined
      try {
        status = judgeAnswer(changed, subject, Date.now()).status
      } catch (error) {
        assert.ok(error instanceof OcspFault, `changed at ${at}: ${error instanceof Error ? error.stack : error}`)
      }
      // What stands around the signed part may differ: clients read no more of it than we do.
      if (status !== undefined) assert.equal(status, 'good')
    }
  })
})

describe('whom OCSP is asked about', () => {
  let root: TestAuthority
  before(() => {
    root = TestAuthority.create()
  })
  after(() => root.remove())

  it('needs the certificate of the issuer behind it, wherever it stands', () => {
    const { certPem } = root.issue()
    assert.throws(() => toOcspSubject(certPem), /certificate of its issuer does not stand behind it/)
    const stranger = TestAuthority.create()
    try {
      assert.throws(() => toOcspSubject(certPem + stranger.certPem), OcspFault)
      const { issuer } = toOcspSubject(certPem + stranger.certPem + root.certPem)
      assert.ok(issuer.verify(issuer.publicKey))
    } finally {
      stranger.remove()
    }
  })

  it('says so where it must be stapled, with or without its issuer', () => {
    const isMust = (...extensions: string[]) => isMustStaple(root.issue({ extensions }).certPem)
    assert.equal(isMust(), false)
    assert.equal(isMust('tlsfeature=status_request'), true)
    assert.equal(isMust('tlsfeature=status_request_v2'), false)
  })
})
