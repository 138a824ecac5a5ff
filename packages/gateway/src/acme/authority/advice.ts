/** Owns what somebody has to do when an authority says no: RFC 8555 §6.7 tells the kinds of it. */

export type ChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01'

const BY_TYPE: Readonly<Record<string, string>> = {
  caa: 'a CAA record of the domain lets only other authorities issue: add this one, or name another `directory`',
  rateLimited: 'the authority limits how often it is asked: wait; its staging directory is there for trials',
  externalAccountRequired:
    'this authority wants an account that it knows: give `externalAccount`, as it shows it to you',
  rejectedIdentifier: 'the authority issues no certificate for this name: take it from `hosts`',
  unsupportedContact: 'the authority does not take this `email`',
  invalidContact: 'the authority does not take this `email`',
  userActionRequired: 'the authority has new terms: agree to them where it says',
  badCSR: 'the authority does not take this kind of key: try another `keyType`',
}

/** undefined: what was said has to be enough. */
export function adviseOnProblem(type: string | undefined): string | undefined {
  return type === undefined ? undefined : BY_TYPE[type]
}

/** The authority looked at the host, and did not find what it should. */
export function adviseOnChallenge(challenge: ChallengeType, host: string, type: string | undefined): string {
  const known = type === 'caa' || type === 'rejectedIdentifier' ? BY_TYPE[type] : undefined
  if (known !== undefined) return known
  if (challenge === 'dns-01') {
    return `the authority did not find the TXT record at _acme-challenge.${host}: see that its name servers answer it to everybody`
  }
  if (type === 'dns') return `the DNS has no address for ${host}: give it one that leads to this gateway`
  if (challenge === 'http-01') {
    return `the authority could not fetch http://${host}/.well-known/acme-challenge/…: port 80 of ${host} must reach this gateway`
  }
  return `the authority did not find the answer by TLS: port 443 of ${host} must reach this gateway, with nothing before it that ends TLS`
}
