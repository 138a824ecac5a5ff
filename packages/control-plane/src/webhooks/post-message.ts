/** Owns one attempt to send a message to a webhook: to public addresses, without following anybody, and never for long. */
import { callOut } from '../outgoing/call-out.ts'
import type { PublicAddresses } from './public-addresses.ts'
import type { WebhookMessage } from './webhook-message.ts'
import { ATTEMPT_MS, type Outcome } from './webhook-store.ts'

export interface Posting {
  readonly url: string
  readonly message: WebhookMessage
  readonly addresses: PublicAddresses
  readonly signal: AbortSignal
}

/** Never rejects: what goes wrong is its fault. */
export async function postMessage({ url, message, addresses, signal }: Posting): Promise<Outcome> {
  try {
    const answer = await callOut({
      url: new URL(url),
      method: 'POST',
      headers: {
        ...message.headers,
        'content-length': String(Buffer.byteLength(message.body)),
        'user-agent': 'gatewright',
      },
      body: message.body,
      judge: addresses,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
    })
    // Nobody reads what it says.
    answer.destroy()
    const { statusCode: status = 0 } = answer
    // Standard Webhooks, “Webhook delivery”: any 2xx is a success, and everything else, redirects too, is none.
    if (status >= 200 && status < 300) return { status }
    return { status, fault: `The answer was ${status}.` }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}
