/**
 * Owns one question to a responder over HTTP (RFC 6960 §A.1): bounded in time and size, and answered by the one who was asked. The
 * address comes from a certificate of the operator's, whose CA may well be within a private network: it is asked wherever `egress` permits.
 */
import type { IncomingMessage } from 'node:http'
import type { EgressGuard } from '../egress/egress-guard.ts'
import { OcspFault } from './ocsp-fault.ts'

// As a module, it loads undici as well for what it exports beside these.
const { request } = process.getBuiltinModule('node:http')

export interface OcspQuestion {
  readonly url: string
  /** DER */
  readonly request: Uint8Array
  /** Which addresses may be asked. */
  readonly guard: EgressGuard
}

/** Resolves with what came, in DER. @throws OcspFault no whole answer; the signal's reason */
export type AskResponder = (question: OcspQuestion, signal: AbortSignal) => Promise<Uint8Array>

/** Answers are made beforehand, and come at once. */
const ANSWER_MS = 10_000
/** They have one or two thousand octets; with a chain of certificates in them, some more. */
const MOST_OCTETS = 65_536

export function createAskResponder({ answerMs = ANSWER_MS } = {}): AskResponder {
  return async (question, signal) => {
    const { url } = question
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
    try {
      return await readBody(await send(question, within))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof OcspFault) throw error
      const { code, message } = error as NodeJS.ErrnoException
      const why = within.aborted ? `it did not answer within ${answerMs / 1000} s` : message || code
      throw new OcspFault(`${url} cannot be asked: ${why}`)
    }
  }
}

/** By POST, which every responder takes, and no cache answers. */
function send({ url, request: body, guard }: OcspQuestion, signal: AbortSignal): Promise<IncomingMessage> {
  guard.checkLiteral(new URL(url).hostname)
  return new Promise((resolve, reject) => {
    const headers = {
      'User-Agent': 'gatewright',
      'Content-Type': 'application/ocsp-request',
      Accept: 'application/ocsp-response',
      'Content-Length': body.length,
    }
    const sent = request(url, { method: 'POST', headers, signal, agent: false, lookup: guard.lookup })
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end(body)
  })
}

async function readBody(answer: IncomingMessage): Promise<Uint8Array> {
  const { statusCode = 0 } = answer
  if (statusCode !== 200) {
    answer.destroy()
    throw new OcspFault(`the responder answers with status ${statusCode}`)
  }
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > MOST_OCTETS) throw new OcspFault('the responder answers with more than 64 KiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
