/** Owns what a request brings to say who asks: a token in `Authorization` (RFC 6750 §2.1), or the cookie of a session. */
import type { FastifyRequest } from 'fastify'
import type { Credentials } from './services.ts'

export const SESSION_COOKIE = 'gatewright-session'

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i
const SECRET = /^[A-Za-z0-9_-]{20,200}$/

/** A token counts more than a cookie: who sends one means it, and a browser sends the other to whoever asks. */
export function readCredentials({ headers }: Pick<FastifyRequest, 'headers'>): Credentials {
  const token = BEARER.exec(headers.authorization ?? '')?.[1]
  return { token, sessionSecret: token === undefined ? findCookie(headers.cookie) : undefined }
}

/** The one with the prefix can be set by no other host and no page without TLS (RFC 6265bis §4.1.3.2). */
function findCookie(header: string | undefined): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  for (const name of [`__Host-${SESSION_COOKIE}`, SESSION_COOKIE]) {
    const value = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
    if (value !== undefined && SECRET.test(value)) return value
  }
  return undefined
}
