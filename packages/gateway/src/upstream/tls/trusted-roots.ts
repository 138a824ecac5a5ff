/** Owns whom a thread trusts where no CA is named: Node's own list, `NODE_EXTRA_CA_CERTS`, and the store of the system. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

let isTrusted = false

/**
 * Once a thread, for all connections that name no CA: a list for each upstream would cost it 12 ms and a megabyte. Either list
 * alone surprises somebody: slim images have no store, and a company's own CA stands nowhere else.
 */
export function trustRoots(): void {
  if (isTrusted) return
  isTrusted = true
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...getCACertificates('system')])])
}
