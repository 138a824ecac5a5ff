/** Owns assertions (RFC 7523): short-lived tokens that the gateway signs to say to an authorization server who asks, and how they are sent. */
import { randomUUID } from 'node:crypto'
import type { JwsSigner } from '../tokens/jws-signer.ts'

interface Assertion {
  /** Who says it, to whom, and what it is for. */
  readonly claims: Readonly<Record<string, string>>
  readonly nowMs: number
  readonly lifeSeconds: number
  /** Says that it counts from now on as well (`nbf`), for servers that want to be told so. */
  readonly saysStart?: boolean
}

/** RFC 7523 §3. */
export function signAssertion(signer: JwsSigner, { claims, nowMs, lifeSeconds, saysStart = false }: Assertion): string {
  const iat = Math.floor(nowMs / 1000)
  return signer.sign(JSON.stringify({ ...claims, iat, ...(saysStart && { nbf: iat }), exp: iat + lifeSeconds }))
}

interface ClientAssertion extends Omit<Assertion, 'claims'> {
  readonly clientId: string
  readonly audience: string
}

/** A client speaks for itself, and once (RFC 7523 §3, `jti`). */
export function signClientAssertion(signer: JwsSigner, { clientId, audience, ...times }: ClientAssertion): string {
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID() }
  return signAssertion(signer, { claims, ...times })
}

/** Whoever signed it (RFC 7523 §2.2). */
export function toAssertionForm(assertion: string): readonly (readonly [name: string, value: string])[] {
  return [
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['client_assertion', assertion],
  ]
}
