/** Owns the question whether gateways could show the certificates that would be published, with the keys that would be told beside them. */
import { type Finding, type GatewayModel, type Sources, toTextHash } from '@gatewright/model'
import { findPairFault } from './read-certificate.ts'

export class CertificateCheck {
  /** What came of those that were looked at last, by their hash: most stay as they are. */
  #known: ReadonlyMap<string, string | undefined> = new Map()

  check({ certificates }: Pick<GatewayModel, 'certificates'>, sources: Pick<Sources, 'find'>): Finding[] {
    const known = new Map<string, string | undefined>()
    const findings = certificates.flatMap(({ id, from }, index): Finding[] => {
      if (from.kind !== 'pem') return []
      const hash = toTextHash(JSON.stringify([from.cert, from.key]))
      const fault = this.#known.has(hash) ? this.#known.get(hash) : findPairFault(from.cert, from.key)
      known.set(hash, fault)
      if (fault === undefined) return []
      const at = sources.find(['certificates', index])
      return [{ severity: 'fault', code: 'certificate-unusable', message: `The certificate "${id}": ${fault}.`, at }]
    })
    this.#known = known
    return findings
  }
}
