/** Owns the step from an upstream of a file to one of the model. */
import { upstreamSchema } from '../file/upstream.ts'
import type { Path } from '../finding.ts'
import type {
  ActiveHealth,
  Balance,
  PassiveHealth,
  PemFile,
  Target,
  Upstream,
  UpstreamId,
  UpstreamTls,
} from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import type { PemFiles } from './pem-files.ts'
import { pickPresent } from './pick-present.ts'
import type { ResolvedParts } from './resolved-parts.ts'

type FileUpstream = GatewrightFile['upstreams'][number]

export function toUpstream(upstream: FileUpstream): Upstream {
  const { passive, active } = upstream.health
  return {
    id: upstream.id as UpstreamId,
    ...pickPresent(upstream, 'title', 'description', 'tags', 'owner', 'enabled'),
    targets: upstream.targets.map(toTarget),
    protocol: upstream.protocol,
    tls: pickPresent(upstream.tls, 'verify', 'serverName', 'minVersion'),
    balance: toBalance(upstream.balance),
    timeouts: upstream.timeouts,
    pool: upstream.pool,
    health: {
      ...(passive === undefined ? {} : { passive: toPassiveHealth(passive) }),
      ...(active === undefined ? {} : { active: toActiveHealth(active) }),
    },
    ...pickPresent(upstream, 'breaker'),
    hostHeader:
      upstream.hostHeader === 'upstream' || upstream.hostHeader === 'preserve'
        ? upstream.hostHeader
        : { value: upstream.hostHeader },
    limits: upstream.limits,
    via: upstream.via,
  }
}

/** Files may change where the part that names them does not. */
export function fillPemFiles(
  upstream: FileUpstream,
  index: number,
  { pems, resolved }: { readonly pems: PemFiles; readonly resolved: ResolvedParts },
): Upstream {
  const plain = resolved.once(upstream, toUpstream)
  const { ca, clientCertificate } = upstream.tls
  if (ca === undefined && clientCertificate === undefined) return plain
  const at = ['upstreams', index, 'tls']
  const read = (name: string, ...rest: Path): PemFile => pems.read(name, [...at, ...rest])
  const files: Pick<UpstreamTls, 'ca' | 'clientCertificate'> = {
    ...(ca !== undefined && { ca: read(ca, 'ca') }),
    ...(clientCertificate !== undefined && {
      clientCertificate: {
        cert: read(clientCertificate.cert, 'clientCertificate', 'cert'),
        key: read(clientCertificate.key, 'clientCertificate', 'key'),
      },
    }),
  }
  return resolved.onceGiven(upstream, JSON.stringify(files), () => ({ ...plain, tls: { ...plain.tls, ...files } }))
}

/** What `upstream: http://…` stands for: one target, all defaults. Its id is the URL, which no written id can be. */
export function toImplicitUpstream(url: string): Upstream {
  const upstream = toUpstream(upstreamSchema.parse({ id: 'implicit', targets: [url] }))
  return { ...upstream, id: url as UpstreamId }
}

export function isUrl(reference: string): boolean {
  return reference.includes('://')
}

function toTarget(target: FileUpstream['targets'][number]): Target {
  return typeof target === 'string' ? { url: target, weight: 1 } : target
}

function toBalance(balance: FileUpstream['balance']): Balance {
  return typeof balance === 'string' ? { kind: balance } : { kind: 'hash', ...balance.hash }
}

function toPassiveHealth(health: NonNullable<FileUpstream['health']['passive']>): PassiveHealth {
  return { ...health, statuses: toStatuses(health.statuses) }
}

function toActiveHealth(health: NonNullable<FileUpstream['health']['active']>): ActiveHealth {
  return { ...health, statuses: toStatuses(health.statuses) }
}

/** `2xx` → 200 … 299; sorted, each once. */
function toStatuses(statuses: readonly (number | string)[]): number[] {
  const all = statuses.flatMap((status) =>
    typeof status === 'number' ? [status] : Array.from({ length: 100 }, (_, index) => Number(status[0]) * 100 + index),
  )
  return [...new Set(all)].sort((a, b) => a - b)
}
