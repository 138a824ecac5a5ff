/** Owns the signatures of DNS messages by a shared secret: RFC 8945. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { TsigAlgorithm } from '../acme-options.ts'
import {
  ADDITIONAL_COUNT_AT,
  CLASS_ANY,
  DnsFault,
  type TsigRecord,
  TYPE_TSIG,
  toLongOctets,
  toOctets,
  writeName,
} from './dns-message.ts'

export interface TsigKey {
  readonly name: string
  readonly algorithm: TsigAlgorithm
  readonly secret: Buffer
}

/** RFC 8945 §10: 300 seconds are recommended. */
const FUDGE_SECONDS = 300

/** RFC 8945 §3 and §5.2.3, in words that say what to look at. */
const ERRORS: Readonly<Record<number, string>> = {
  16: 'it finds the signature wrong (BADSIG): compare the secret and the algorithm with those of the server',
  17: 'it does not know this key (BADKEY): compare the name of the key and the algorithm with those of the server',
  18: 'its clock and ours differ by more than five minutes (BADTIME)',
  22: 'it finds the signature too short (BADTRUNC)',
}

export interface SignedMessage {
  readonly octets: Buffer
  /** The answer's signature covers it. */
  readonly mac: Buffer
}

export function signMessage(message: Buffer, key: TsigKey, nowMs: number): SignedMessage {
  const timeSeconds = Math.floor(nowMs / 1000)
  const facts = { timeSeconds, fudgeSeconds: FUDGE_SECONDS, error: 0, other: Buffer.alloc(0) }
  const mac = createHmac(toHash(key), key.secret).update(message).update(toVariables(key, facts)).digest()
  const data = Buffer.concat([
    writeName(key.algorithm),
    toTime(timeSeconds),
    toOctets(FUDGE_SECONDS, mac.length),
    mac,
    // The original id, no error, nothing else.
    toOctets(message.readUInt16BE(0), 0, 0),
  ])
  const record = [writeName(key.name), toOctets(TYPE_TSIG, CLASS_ANY), toLongOctets(0), toOctets(data.length), data]
  const octets = Buffer.concat([message, ...record])
  octets.writeUInt16BE(message.readUInt16BE(ADDITIONAL_COUNT_AT) + 1, ADDITIONAL_COUNT_AT)
  return { octets, mac }
}

export interface AnswerToVerify {
  readonly octets: Buffer
  readonly tsig: TsigRecord | undefined
  readonly requestMac: Buffer
}

/** @throws DnsFault why the answer is not to be believed, or says that ours was not */
export function verifyAnswer({ octets, tsig, requestMac }: AnswerToVerify, key: TsigKey, nowMs: number): void {
  if (tsig === undefined) throw new DnsFault('its answer is not signed, so it may be anybody’s')
  // RFC 8945 §5.3.2: where the key or the signature is the trouble, the answer cannot be signed.
  const trouble = ERRORS[tsig.error]
  if (trouble !== undefined) throw new DnsFault(trouble)
  if (tsig.keyName !== key.name.replace(/\.$/, '').toLowerCase() || tsig.algorithm !== key.algorithm) {
    throw new DnsFault(`its answer is signed by another key: ${tsig.keyName}, ${tsig.algorithm}`)
  }
  // RFC 8945 §5.3: the answer as it was before the record was added.
  const message = Buffer.from(octets.subarray(0, tsig.at))
  message.writeUInt16BE(tsig.originalId, 0)
  message.writeUInt16BE(message.readUInt16BE(ADDITIONAL_COUNT_AT) - 1, ADDITIONAL_COUNT_AT)
  const mac = createHmac(toHash(key), key.secret)
    .update(toOctets(requestMac.length))
    .update(requestMac)
    .update(message)
    .update(toVariables(key, tsig))
    .digest()
  // RFC 8945 §5.2.2.1 would let it be cut short: nobody has to.
  if (mac.length !== tsig.mac.length || !timingSafeEqual(mac, tsig.mac)) {
    throw new DnsFault('the signature of its answer is wrong')
  }
  // RFC 8945 §5.2.3
  if (Math.abs(nowMs / 1000 - tsig.timeSeconds) > tsig.fudgeSeconds) {
    throw new DnsFault('its answer was signed too long ago, or the clocks differ')
  }
}

interface SignedFacts {
  readonly timeSeconds: number
  readonly fudgeSeconds: number
  readonly error: number
  readonly other: Buffer
}

/** RFC 8945 §4.3.3 */
function toVariables(key: TsigKey, { timeSeconds, fudgeSeconds, error, other }: SignedFacts): Buffer {
  return Buffer.concat([
    writeName(key.name),
    toOctets(CLASS_ANY),
    toLongOctets(0),
    writeName(key.algorithm),
    toTime(timeSeconds),
    toOctets(fudgeSeconds, error, other.length),
    other,
  ])
}

function toHash({ algorithm }: TsigKey): string {
  return algorithm.slice('hmac-'.length)
}

function toTime(seconds: number): Buffer {
  const octets = Buffer.alloc(6)
  octets.writeUIntBE(seconds, 0, 6)
  return octets
}
