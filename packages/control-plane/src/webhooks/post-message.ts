/** Owns one attempt to send a message to a webhook: to public addresses, without following anybody, and never for long. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { PublicAddresses } from './public-addresses.ts'
import type { WebhookMessage } from './webhook-message.ts'
import type { Outcome } from './webhook-store.ts'

/** From the beginning to the head of the answer. */
export const ATTEMPT_MS = 15_000

export interface Posting {
  readonly url: string
  readonly message: WebhookMessage
  readonly addresses: PublicAddresses
  readonly signal: AbortSignal
}

/** Never rejects: what goes wrong is its fault. */
export async function postMessage({ url, message, addresses, signal }: Posting): Promise<Outcome> {
  try {
    const target = new URL(url)
    addresses.assertLiteral(target.hostname)
    const status = await post(target, { message, addresses, signal })
    // Standard Webhooks, “Webhook delivery”: any 2xx is a success, and everything else, redirects too, is none.
    if (status >= 200 && status < 300) return { status }
    return { status, fault: `The answer was ${status}.` }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

function post(target: URL, { message, addresses, signal }: Omit<Posting, 'url'>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(
    target,
    {
      method: 'POST',
      agent: false,
      lookup: addresses.lookup,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
      headers: { ...message.headers, 'content-length': Buffer.byteLength(message.body), 'user-agent': 'gatewright' },
    },
    (answer) => {
      resolve(answer.statusCode ?? 0)
      // Nobody reads what it says.
      answer.destroy()
    },
  )
  request.on('error', reject)
  request.end(message.body)
  return promise
}
