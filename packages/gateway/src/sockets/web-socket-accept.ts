/** Owns what a server of WebSockets answers to a key: the proof that it understood (RFC 6455 §4.2.2). */
import { createHash } from 'node:crypto'

export function toWebSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
