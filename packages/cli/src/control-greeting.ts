/** Owns what is said to whoever has started a control plane: where it is, and how the first account is made. */
import type { Opened } from '@gatewright/control-plane/thread'
import { toAuthority } from './to-authority.ts'

export function toControlAddress({ host, port, isTls }: Pick<Opened, 'host' | 'port' | 'isTls'>): string {
  return `${isTls ? 'https' : 'http'}://${toAuthority(host, port)}`
}

/** None where there is an account. The link is as all others: what is made behind it, such as a passkey, is for its name. */
export function toSetUpLines({ setUpSecret, origin, ...place }: Omit<Opened, 'kind'>): string[] {
  if (setUpSecret === undefined) return []
  return [
    '',
    '  Nobody has an account yet. Within 24 hours, make the first one at',
    `    ${origin ?? toControlAddress(place)}/set-up#${setUpSecret}`,
    "  in a browser, or here: gatewright login '…' with that link",
  ]
}
