/**
 * Owns what each TLS profile lets a client choose from. `modern` and `intermediate` follow Mozilla's guidelines of these names
 * (wiki.mozilla.org/Security/Server_Side_TLS), without finite-field Diffie-Hellman, which nobody needs any more.
 */
import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { TlsProfile } from '@gatewright/model/runtime'

const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** Forward secrecy and authenticated encryption. */
const AEAD = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/** Still forward secrecy, but in CBC mode: what Windows 7 and 8, Java 7 and Safari 8 have at most. */
const CBC = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
]

/** The hybrid with ML-KEM first: what is recorded today is not read by tomorrow's quantum computers. */
const GROUPS = 'X25519MLKEM768:X25519:prime256v1:secp384r1'

// RFC 5746 §4.5 allows a server to refuse renegotiation, which lets one client make us work and has no use here.
const SECURE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION

type ProfileOptions = Pick<
  SecureContextOptions,
  'minVersion' | 'ciphers' | 'ecdhCurve' | 'honorCipherOrder' | 'secureOptions'
>

const COMMON = { ecdhCurve: GROUPS, secureOptions: SECURE_OPTIONS } as const

export const TLS_PROFILES: Readonly<Record<TlsProfile, ProfileOptions>> = {
  // The client's order counts: phones without AES in hardware are faster, and cooler, with ChaCha20.
  modern: { ...COMMON, minVersion: 'TLSv1.3', ciphers: TLS13.join(':'), honorCipherOrder: false },
  intermediate: { ...COMMON, minVersion: 'TLSv1.2', ciphers: [...TLS13, ...AEAD].join(':'), honorCipherOrder: false },
  // Here ours does, so that nobody is talked down to CBC who can do better.
  compatible: {
    ...COMMON,
    minVersion: 'TLSv1.2',
    ciphers: [...TLS13, ...AEAD, ...CBC].join(':'),
    honorCipherOrder: true,
  },
}
