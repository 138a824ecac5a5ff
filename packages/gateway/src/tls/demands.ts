/** Owns what a listener demands of a TLS connection, by the name that the client says: names with the same demands share connections. */
import { type ListenerTls, type TlsDemands, toContentHash } from '@gatewright/model/runtime'
import { NameTable } from './name-table.ts'

/** One object for equal demands, so that they are compared by identity. */
export interface Demands extends TlsDemands {
  /** Of their content: contexts that were made for it serve for as long as it is the same. */
  readonly hash: string
}

export class DemandsTable {
  readonly #own: Demands
  readonly #named = new NameTable<Demands>()
  readonly #hasOthers: boolean

  constructor(tls: ListenerTls) {
    const known = new Map<string, Demands>()
    const intern = ({ profile, clientCertificates }: TlsDemands): Demands => {
      const hash = toContentHash([profile, clientCertificates])
      const demands = known.get(hash) ?? { profile, ...(clientCertificates && { clientCertificates }), hash }
      known.set(hash, demands)
      return demands
    }
    this.#own = intern(tls)
    for (const host of tls.hosts) {
      const demands = intern(host)
      for (const name of host.names) this.#named.add(name, demands)
    }
    this.#hasOthers = known.size > 1
  }

  /** Of a client that says this name, or none. Lower case, without a trailing dot. */
  find(name: string | undefined): Demands {
    return (name === undefined ? undefined : this.#named.find(name)) ?? this.#own
  }

  /** Do all names demand the same, so that there is nothing to compare? */
  get isUniform(): boolean {
    return !this.#hasOthers
  }
}
