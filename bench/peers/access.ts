// Owns contestants that look at who calls: our own policies, and the peers that can do the same.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchTokens, TokenAlgorithm } from '../access-tokens.ts'
import { findGatewrightVersion, startGatewright, toPlainParts } from './gatewright.ts'
import { haproxy, startHaproxy } from './haproxy.ts'
import { NGINX_PROXY, nginx, startNginxProxy } from './nginx.ts'
import type { Peer } from './peer.ts'

/** Ours with these policies, and nothing else beside the bare one. */
function gatewrightWith(name: string, policies: object[], apps: object[] = []): Peer {
  return {
    name: `Gatewright, ${name}`,
    findVersion: findGatewrightVersion,
    start: (given) => startGatewright(given, toPlainParts(given.upstreamPort, { api: { policies }, apps })),
  }
}

export function gatewrightKey(key: string): Peer {
  const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`
  return gatewrightWith('key', [{ policy: 'key-auth' }], [{ id: 'acme', keys: [{ hash }] }])
}

/** `cacheEntries: 0` makes each token one that was never seen. */
export function gatewrightToken(algorithm: TokenAlgorithm, tokens: BenchTokens, isSeen: boolean): Peer {
  const { issuer, audience } = tokens
  const keys = [{ algorithm, publicKey: tokens.of(algorithm).publicKey }]
  const options = { issuers: [{ issuer, audiences: [audience], keys }], ...(isSeen ? {} : { cacheEntries: 0 }) }
  const peer = gatewrightWith(`${algorithm} ${isSeen ? 'seen' : 'unseen'}`, [{ policy: 'jwt', options }])
  return { ...peer, headers: { Authorization: `Bearer ${tokens.of(algorithm).token}` } }
}

export function gatewrightRanges(ranges: readonly string[]): Peer {
  return gatewrightWith(`${ranges.length} ranges`, [{ policy: 'ip-filter', options: { deny: ranges.join('\n') } }])
}

/** A signature, its algorithm, issuer, audience and end are checked with every request: it remembers none. */
export function haproxyToken(algorithm: TokenAlgorithm, tokens: BenchTokens): Peer {
  const { issuer, audience } = tokens
  return {
    ...haproxy,
    name: `HAProxy, ${algorithm}`,
    headers: { Authorization: `Bearer ${tokens.of(algorithm).token}` },
    start(given) {
      const key = join(given.dir, 'issuer.pem')
      writeFileSync(key, tokens.of(algorithm).publicKey)
      return startHaproxy(given, {
        frontend: `
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ${algorithm} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${issuer} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.aud') -m str ${audience} }
  http-request deny deny_status 401 unless { var(txn.exp),sub(txn.now) -m int gt 0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${key}") -m int 1 }`,
      })
    },
  }
}

export function haproxyRanges(ranges: readonly string[]): Peer {
  return {
    ...haproxy,
    name: `HAProxy, ${ranges.length} ranges`,
    start(given) {
      const file = join(given.dir, 'ranges')
      writeFileSync(file, ranges.join('\n'))
      return startHaproxy(given, { frontend: `http-request deny if { src -f ${file} }` })
    },
  }
}

export function nginxRanges(ranges: readonly string[]): Peer {
  return {
    ...nginx,
    name: `nginx, ${ranges.length} ranges`,
    start(given) {
      const file = join(given.dir, 'ranges')
      writeFileSync(file, ranges.map((range) => `${range} 1;`).join('\n'))
      return startNginxProxy(given, `if ($is_denied) { return 403; }\n location / {${NGINX_PROXY}}`, {
        before: `geo $is_denied { default 0; include ${file}; }`,
      })
    },
  }
}
