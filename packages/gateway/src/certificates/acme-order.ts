/** Owns the step from what the model says of a certificate by ACME to what is asked of its CA: secrets filled in, from the files that it names. */
import type { Acme, AcmeChallenge, Path } from '@gatewright/model'
import type { AcmeOptions, AcmeChallenge as AskedChallenge } from '../acme/acme-options.ts'

/** RFC 8555 says nothing of it; two thirds leave a month of Let's Encrypt's three. */
const RENEW_AT = 2 / 3

/** `members`: where the name of the file stands, below `acme`. */
type Read = (path: string, ...members: Path) => string

export function toAcmeOptions(id: string, acme: Acme, read: Read): AcmeOptions {
  const { hosts, directory, email, externalAccount, challenge, keyType, preferredChain, ca } = acme
  return {
    id,
    hosts,
    directory,
    keyType,
    renewAt: RENEW_AT,
    challenge: toChallenge(challenge, read),
    ...(email !== undefined && { email }),
    ...(preferredChain !== undefined && { preferredChain }),
    ...(ca !== undefined && { trustedCa: ca }),
    ...(externalAccount && {
      externalAccount: {
        keyId: externalAccount.keyId,
        key: read(externalAccount.keyFile, 'externalAccount', 'keyFile'),
      },
    }),
  }
}

function toChallenge(challenge: AcmeChallenge, read: Read): AskedChallenge {
  if (typeof challenge === 'string') return challenge
  const { dns } = challenge
  if (!('rfc2136' in dns)) return { dns }
  const { secretFile, ...rest } = dns.rfc2136
  const secret =
    secretFile === undefined ? {} : { secret: read(secretFile, 'challenge', 'dns', 'rfc2136', 'secretFile') }
  return { dns: { ...dns, rfc2136: { ...rest, ...secret } } }
}
