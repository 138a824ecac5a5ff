/** Owns the checks of listeners: addresses, ports that collide, whom they trust. */

import type { Listener } from '../gateway-model.ts'
import { toIpVersion } from './addresses.ts'
import { findRangeFault } from './names.ts'
import { validateListenerTls } from './validate-tls.ts'
import type { Validation } from './validation.ts'

export function validateListeners(validation: Validation): void {
  const { listeners } = validation.model
  for (const [index, listener] of listeners.entries()) {
    checkHost(validation, listener, index)
    validateListenerTls(validation, listener, index)
    for (const [position, range] of listener.trustedProxies.entries()) {
      const found = findRangeFault(range)
      if (found === undefined) continue
      const { fault, suggestion } = found
      validation.fault(['listeners', index, 'trustedProxies', position], {
        code: 'invalid-range',
        message: fault,
        suggestion,
      })
    }
    if (listener.proxyProtocol && listener.trustedProxies.length === 0) {
      validation.fault(['listeners', index, 'proxyProtocol'], {
        code: 'proxy-protocol-without-proxies',
        message:
          'The PROXY protocol is believed from trusted proxies only, and none is named: every connection would be refused.',
        suggestion: 'Add the addresses of your proxies to `trustedProxies`.',
      })
    }
  }
  const enabled = [...listeners.entries()].filter(([, listener]) => listener.enabled !== false)
  for (const [position, [index, listener]] of enabled.entries()) {
    const earlier = enabled.slice(0, position).find(([, other]) => collide(listener, other))
    if (earlier === undefined) continue
    validation.fault(['listeners', index, 'port'], {
      code: 'port-taken',
      message: `Port ${listener.port} on ${listener.host} is taken by the listener "${earlier[1].id}" (${validation.placeText(['listeners', earlier[0]])}).`,
      suggestion: 'Give one of the two another port.',
    })
  }
}

function checkHost(validation: Validation, { host }: Listener, index: number): void {
  if (toIpVersion(host) !== 0 || /^(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return
  validation.fault(['listeners', index, 'host'], {
    code: 'invalid-host',
    message: `"${host}" is neither an address nor a host name.`,
    suggestion: host.includes(':') ? 'The port stands in `port`; IPv6 addresses have no brackets here.' : undefined,
  })
}

/** An address for everything takes the port from all others; `::` takes IPv4 too. */
function collide(a: Listener, b: Listener): boolean {
  if (a.port !== b.port) return false
  if (a.host === b.host || a.host === '::' || b.host === '::') return true
  const isAnyV4 = a.host === '0.0.0.0' || b.host === '0.0.0.0'
  return isAnyV4 && toIpVersion(a.host) !== 6 && toIpVersion(b.host) !== 6
}
