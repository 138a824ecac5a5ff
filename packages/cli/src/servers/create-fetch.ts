/** Owns asking a control plane whose certificate is vouched for by a CA of one's own: what the platform's fetch cannot be told. */
import { request } from 'node:https'

/** `ca`: PEM. */
export function createFetch(ca: string): typeof fetch {
  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const asked = request(url, {
      method,
      ca,
      headers: Object.fromEntries(new Headers(headers)),
      ...(signal && { signal }),
    })
    asked.on('error', reject)
    asked.on('response', (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('error', reject)
      answer.on('end', () => {
        const { statusCode: status = 500, headersDistinct } = answer
        const told = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        )
        // Fetch §2.2.4: these have no body, and a response refuses one.
        const isEmpty = [204, 205, 304].includes(status)
        resolve(new Response(isEmpty ? null : Buffer.concat(pieces), { status, headers: told }))
      })
    })
    asked.end(typeof body === 'string' ? body : undefined)
    return await promise
  }
}
