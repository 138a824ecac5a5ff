/** Owns the checks of what listeners and upstreams say about TLS. */
import { findClosest } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { CertificateId, ClientCertificates, Listener, ListenerTls, Upstream } from '../gateway-model.ts'
import { findHostFault } from './names.ts'
import type { Validation } from './validation.ts'

export function validateListenerTls(validation: Validation, listener: Listener, index: number): void {
  const at: Path = ['listeners', index]
  const { tls, http2, hsts, redirectToHttps } = listener
  if (tls === undefined) {
    if (hsts !== undefined && !validation.isMisspelt(at, 'tls')) {
      validation.fault([...at, 'hsts'], {
        code: 'hsts-without-tls',
        message: 'Browsers ignore `Strict-Transport-Security` in answers that come without TLS (RFC 6797 §8.1).',
        suggestion: 'Write it in the listener that has `tls`; here, `redirectToHttps: true`.',
      })
    }
    return
  }
  if (redirectToHttps !== undefined) {
    validation.fault([...at, 'redirectToHttps'], {
      code: 'redirect-over-tls',
      message: 'This listener speaks TLS already: it would send its clients to itself.',
      suggestion: 'Write it in the listener without `tls`.',
    })
  }
  if (http2.priorKnowledge) {
    validation.warn([...at, 'http2', 'priorKnowledge'], {
      code: 'unused-option',
      message: 'Over TLS, HTTP/2 is agreed on by ALPN: `priorKnowledge` does nothing here.',
      suggestion: 'Remove it, or write it in a listener without `tls`.',
    })
  }
  checkCertificates(validation, tls, [...at, 'tls'])
  checkHosts(validation, tls, [...at, 'tls', 'hosts'])
  if (tls.clientCertificates) checkRules(validation, tls.clientCertificates, [...at, 'tls', 'clientCertificates'])
}

function checkCertificates(validation: Validation, tls: ListenerTls, at: Path): void {
  const { certificates } = validation.model
  const usable = certificates.filter(({ enabled }) => enabled !== false).map(({ id }) => id)
  let isTold = false
  const { formerCertificates: former } = validation.options
  const say = (mayCome: boolean, path: Path, report: Parameters<Validation['fault']>[1]): void =>
    mayCome ? validation.warn(path, report) : validation.fault(path, report)
  const check = (id: CertificateId, path: Path): void => {
    if (usable.includes(id) || validation.isLost(id)) return
    const closest = findClosest(id, usable)
    isTold = true
    say(former?.has(id) === false, path, {
      code: 'unknown-certificate',
      message: certificates.some((certificate) => certificate.id === id)
        ? `The certificate "${id}" is switched off.`
        : `There is no certificate "${id}".`,
      suggestion: closest === undefined ? 'Add it to `certificates`.' : `Did you mean "${closest}"?`,
    })
  }
  for (const [position, id] of tls.certificates?.entries() ?? []) check(id, [...at, 'certificates', position])
  const { defaultCertificate } = tls
  if (defaultCertificate !== undefined) {
    check(defaultCertificate, [...at, 'defaultCertificate'])
    if (tls.certificates?.includes(defaultCertificate) === false) {
      validation.fault([...at, 'defaultCertificate'], {
        code: 'unlisted-certificate',
        message: `The default certificate "${defaultCertificate}" is not among the \`certificates\` of this listener.`,
        suggestion: 'Add it to them.',
      })
    }
  }
  if (
    usable.length > 0 ||
    isTold ||
    validation.isMisspelt([], 'certificates') ||
    validation.hasLostKeys(['certificates'])
  )
    return
  if (validation.options.sources?.lostIds.size) return
  say(former?.size === 0, at, {
    code: 'no-certificate',
    message: 'This listener speaks TLS, and there is no certificate to show.',
    suggestion: 'Add one: `certificates: [{ id: main, cert: ./main.pem, key: ./main.key }]`.',
  })
}

function checkHosts(validation: Validation, { hosts, clientCertificates: own }: ListenerTls, at: Path): void {
  const seen = new Set<string>()
  for (const [index, { names, clientCertificates }] of hosts.entries()) {
    // One that a host does not say itself is the listener's, and is checked there.
    if (clientCertificates && clientCertificates !== own) {
      checkRules(validation, clientCertificates, [...at, index, 'clientCertificates'])
    }
    for (const [position, name] of names.entries()) {
      const path = [...at, index, 'names', position]
      const found = findHostFault(name.toLowerCase())
      if (found !== undefined) {
        validation.fault(path, { code: 'invalid-host', message: found.fault, suggestion: found.suggestion })
      } else if (seen.has(name.toLowerCase())) {
        validation.fault(path, {
          code: 'host-twice',
          message: `The name "${name}" stands in two lists of demands.`,
          suggestion: 'Remove it from one of them.',
        })
      }
      seen.add(name.toLowerCase())
    }
  }
}

/** A rule that says nothing is one that somebody forgot to finish. */
function checkRules(validation: Validation, { allow }: ClientCertificates, at: Path): void {
  for (const [index, rule] of allow?.entries() ?? []) {
    const { subject, ...others } = rule
    if (Object.keys({ ...others, ...subject }).length > 0) continue
    validation.fault([...at, 'allow', index], {
      code: 'empty-rule',
      message: 'This rule says nothing, and so every certificate would pass it.',
      suggestion: 'Write `dns`, `uri`, `email` or `subject`, or remove the rule.',
    })
  }
}

export function validateUpstreamTls(validation: Validation, upstream: Upstream, index: number): void {
  const { protocol, tls, targets } = upstream
  const at: Path = ['upstreams', index]
  const overTls = targets.filter(({ url }) => /^https:/i.test(url))
  for (const [position, { url }] of targets.entries()) {
    const isOverTls = /^https:/i.test(url)
    if ((protocol === 'h2' && !isOverTls) || (protocol === 'h2c' && isOverTls)) {
      validation.fault([...at, 'targets', position], {
        code: 'protocol-mismatch',
        message: `\`protocol: ${protocol}\` is HTTP/2 ${isOverTls ? 'without' : 'over'} TLS, and "${url}" is not.`,
        suggestion: `Write \`protocol: ${isOverTls ? 'h2' : 'h2c'}\`, or the URL as ${isOverTls ? 'http' : 'https'}://…`,
      })
    }
  }
  const isSaid =
    !tls.verify || tls.ca !== undefined || tls.serverName !== undefined || tls.clientCertificate !== undefined
  if (isSaid && overTls.length === 0) {
    validation.warn([...at, 'tls'], {
      code: 'unused-option',
      message: 'No target of this upstream is reached over TLS: `tls` does nothing.',
      suggestion: 'Write the targets as https://…, or remove `tls`.',
    })
  } else if (!tls.verify) {
    validation.warn([...at, 'tls', 'verify'], {
      code: 'tls-unverified',
      message: 'The targets’ certificates are not checked: whoever stands between can read and change everything.',
      suggestion: 'Name their CA in `ca` instead.',
    })
  }
  if (tls.serverName !== undefined && findHostFault(tls.serverName.toLowerCase()) !== undefined) {
    validation.fault([...at, 'tls', 'serverName'], {
      code: 'invalid-host',
      message: `"${tls.serverName}" is no host name.`,
    })
  }
}
