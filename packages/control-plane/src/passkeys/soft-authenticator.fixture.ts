/** Owns an authenticator for tests, in software: ES256, attestation `none`, as https://www.w3.org/TR/webauthn-3/ says its octets. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HAS_CREDENTIAL = 0x40

export interface SoftOptions {
  readonly origin?: string
  readonly site?: string
  readonly flags?: number
  readonly challenge?: string
  readonly id?: Buffer
}

export class SoftAuthenticator {
  readonly id: Buffer
  counter = 0
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #options: Required<Pick<SoftOptions, 'origin' | 'site'>>

  constructor(options: Required<Pick<SoftOptions, 'origin' | 'site'>>, id: Buffer = randomBytes(16)) {
    this.#options = options
    this.id = id
  }

  register(challenge: string, given: SoftOptions = {}) {
    const credential = Buffer.concat([Buffer.alloc(16), toUint16(this.id.length), this.id, this.#toCoseKey()])
    const data = this.#toAuthenticatorData(given, USER_PRESENT | USER_VERIFIED | HAS_CREDENTIAL)
    const object = toCborMap([
      [toCborText('fmt'), toCborText('none')],
      [toCborText('attStmt'), toCborMap([])],
      [toCborText('authData'), toCborBytes(Buffer.concat([data, credential]))],
    ])
    return {
      ...this.#toEnvelope(),
      response: {
        clientDataJSON: this.#toClientData('webauthn.create', challenge, given).toString('base64url'),
        attestationObject: object.toString('base64url'),
      },
    }
  }

  logIn(challenge: string, userHandle: string, given: SoftOptions = {}) {
    const clientData = this.#toClientData('webauthn.get', challenge, given)
    const data = this.#toAuthenticatorData(given, USER_PRESENT | USER_VERIFIED)
    const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()])
    return {
      ...this.#toEnvelope(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: createSign('sha256').update(signed).sign(this.#keys.privateKey).toString('base64url'),
        userHandle: Buffer.from(userHandle).toString('base64url'),
      },
    }
  }

  #toEnvelope() {
    const id = this.id.toString('base64url')
    return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} }
  }

  #toClientData(type: string, challenge: string, { origin = this.#options.origin }: SoftOptions): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  }

  #toAuthenticatorData({ site = this.#options.site, flags }: SoftOptions, usual: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([createHash('sha256').update(site).digest(), Buffer.from([flags ?? usual]), counter])
  }

  /** RFC 9053 §7.1.1: kty EC2, alg ES256, crv P-256, x, y. */
  #toCoseKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    return toCborMap([
      [Buffer.from([0x01]), Buffer.from([0x02])],
      [Buffer.from([0x03]), Buffer.from([0x26])],
      [Buffer.from([0x20]), Buffer.from([0x01])],
      [Buffer.from([0x21]), toCborBytes(Buffer.from(x, 'base64url'))],
      [Buffer.from([0x22]), toCborBytes(Buffer.from(y, 'base64url'))],
    ])
  }
}

function toUint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

// RFC 8949 §3.1: major types 2 (octets), 3 (text) and 5 (map), each length as short as it can be (§4.2.1).
function toCborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length])
  if (length < 256) return Buffer.from([(major << 5) | 24, length])
  return Buffer.concat([Buffer.from([(major << 5) | 25]), toUint16(length)])
}

function toCborText(text: string): Buffer {
  return Buffer.concat([toCborHead(3, text.length), Buffer.from(text)])
}

function toCborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([toCborHead(2, bytes.length), bytes])
}

function toCborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([toCborHead(5, entries.length), ...entries.flat()])
}
