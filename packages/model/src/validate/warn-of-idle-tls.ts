/** Owns the warnings of TLS that a listener speaks or sends to, and that no request will meet. */
import { findClosest } from '../closest.ts'
import type { Validation } from './validation.ts'

export function warnOfIdleTls(validation: Validation): void {
  warnOfIdleHosts(validation)
  warnOfIdleRedirects(validation)
}

/** Demands under a misspelt name guard nothing: the right name is served without them. */
function warnOfIdleHosts(validation: Validation): void {
  const { listeners, apis } = validation.model
  const live = apis.filter(({ enabled }) => enabled !== false)
  const served = live.flatMap(({ hosts = [] }) => hosts.map((host) => host.toLowerCase()))
  // An API without hosts answers to every name.
  if (live.some(({ hosts }) => hosts === undefined)) return
  for (const [index, { enabled, tls }] of listeners.entries()) {
    if (enabled === false || tls === undefined) continue
    for (const [at, { names }] of tls.hosts.entries()) {
      for (const [position, name] of names.entries()) {
        const lower = name.toLowerCase()
        if (served.some((host) => overlap(host, lower))) continue
        const closest = findClosest(lower, served)
        validation.warn(['listeners', index, 'tls', 'hosts', at, 'names', position], {
          code: 'unserved-host',
          message: `No API has the host "${name}": what is demanded for it guards nothing.`,
          suggestion: closest === undefined ? 'Write a host of an API, or remove it.' : `Did you mean "${closest}"?`,
        })
      }
    }
  }
}

/** Is there a name that both stand for? */
function overlap(one: string, other: string): boolean {
  return one === other || covers(one, other) || covers(other, one)
}

function covers(wildcard: string, name: string): boolean {
  return wildcard.startsWith('*.') && name.endsWith(wildcard.slice(1))
}

/** A port that is written may be that of something in front of the gateway; one that is taken for granted may not. */
function warnOfIdleRedirects(validation: Validation): void {
  const { listeners } = validation.model
  const overTls = listeners.filter(({ enabled, tls }) => enabled !== false && tls !== undefined)
  const first = overTls[0]
  if (first === undefined || overTls.some(({ port }) => port === HTTPS_PORT)) return
  for (const [index, { enabled, redirectToHttps }] of listeners.entries()) {
    if (enabled === false || redirectToHttps === undefined || redirectToHttps.port !== undefined) continue
    validation.warn(['listeners', index, 'redirectToHttps'], {
      code: 'redirect-to-nobody',
      message: `Clients are sent to port ${HTTPS_PORT}, and no listener speaks TLS there.`,
      suggestion: `Write \`redirectToHttps: { port: ${first.port} }\`, or \`{ port: ${HTTPS_PORT} }\` where something in front brings it to port ${first.port}.`,
    })
  }
}

const HTTPS_PORT = 443
