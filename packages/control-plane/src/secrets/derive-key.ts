/** Owns what is made of a key from outside: others for each purpose, and an id that says nothing of it. */
import { hkdfSync } from 'node:crypto'

const ID_BYTES = 8

/** RFC 5869: keys for different purposes say nothing of each other. */
export function deriveKey(key: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `gatewright secrets ${purpose}`, bytes))
}

export function toKeyId(key: Buffer): string {
  return deriveKey(key, 'id', ID_BYTES).toString('hex')
}
