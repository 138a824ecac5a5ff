/** Owns the changing of TXT records by dynamic update: RFC 2136, signed by RFC 8945 where there is a key. */
import { randomInt } from 'node:crypto'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import type { DnsUpdateOptions } from '../acme-options.ts'
import { exchangeMessage, type NameServer, parseServer } from './dns-exchange.ts'
import { DnsFault, parseAnswer, type TxtChange, toUpdate } from './dns-message.ts'
import { signMessage, type TsigKey, verifyAnswer } from './tsig.ts'

/** RFC 2136 §2.2 and RFC 1035 §4.1.1, in words that say what to look at. */
const RCODES: Readonly<Record<number, string>> = {
  1: 'it cannot read the update (FORMERR)',
  2: 'it failed (SERVFAIL): its own log says why',
  3: 'it says that a name does not exist (NXDOMAIN)',
  4: 'it takes no dynamic updates (NOTIMP)',
  5: 'it refuses (REFUSED): allow this key, or this address, to update the zone',
  6: 'it says that a name exists that should not (YXDOMAIN)',
  7: 'it says that a record exists that should not (YXRRSET)',
  8: 'it says that a record is missing (NXRRSET)',
  9: 'it has no authority over the zone, or the key has not (NOTAUTH)',
  10: 'it says that the record is not of the zone (NOTZONE): name the zone that holds it',
}

interface DnsUpdaterParts {
  /** Milliseconds since the epoch. */
  now(): number
  /** Which addresses may be asked. */
  readonly guard: EgressGuard
}

export interface TxtRecord {
  readonly zone: string
  readonly name: string
  readonly value: string
}

export class DnsUpdater {
  readonly #server: NameServer
  readonly #key: TsigKey | undefined
  readonly #ttlSeconds: number
  readonly #parts: DnsUpdaterParts

  /** @throws DnsFault what the options lack */
  constructor({ server, keyName, algorithm, secret, ttlSeconds }: DnsUpdateOptions, parts: DnsUpdaterParts) {
    this.#server = parseServer(server)
    if ((keyName === undefined) !== (secret === undefined)) {
      throw new DnsFault('a key of the name server has a name and a secret: give both, or neither')
    }
    if (keyName !== undefined && secret !== undefined) {
      this.#key = { name: keyName, algorithm, secret: Buffer.from(secret, 'base64') }
    }
    this.#ttlSeconds = ttlSeconds
    this.#parts = parts
  }

  /** Beside what its name has already: two authorizations may ask for one name. @throws DnsFault */
  add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#change({ ...record, act: 'add' }, signal)
  }

  /** This one of its name, and no other. @throws DnsFault */
  remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#change({ ...record, act: 'remove' }, signal)
  }

  async #change(change: Omit<TxtChange, 'id' | 'ttlSeconds'>, signal: AbortSignal): Promise<void> {
    const { host, port } = this.#server
    try {
      await this.#send(toUpdate({ ...change, id: randomInt(0x1_00_00), ttlSeconds: this.#ttlSeconds }), signal)
    } catch (error) {
      if (!(error instanceof DnsFault)) throw error
      const what = `${change.act} ${change.name} in the zone ${change.zone}`
      throw new DnsFault(`the name server ${host}:${port} did not ${what}: ${error.message}`)
    }
  }

  async #send(message: Buffer, signal: AbortSignal): Promise<void> {
    const key = this.#key
    const { guard } = this.#parts
    const signed = key && signMessage(message, key, this.#parts.now())
    const octets = await exchangeMessage(signed?.octets ?? message, this.#server, { signal, guard })
    const answer = parseAnswer(octets)
    if (answer.id !== message.readUInt16BE(0)) throw new DnsFault('it answers something else')
    if (key !== undefined && signed !== undefined) {
      // A refusal may come unsigned, and then is no more than a hint; a success never may.
      if (answer.tsig === undefined && answer.rcode !== 0) throw new DnsFault(toWords(answer.rcode))
      verifyAnswer({ octets, tsig: answer.tsig, requestMac: signed.mac }, key, this.#parts.now())
    }
    if (answer.rcode !== 0) throw new DnsFault(toWords(answer.rcode))
  }
}

function toWords(rcode: number): string {
  return RCODES[rcode] ?? `it answers with the code ${rcode}`
}
