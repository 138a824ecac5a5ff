/** Owns the check that what names an upstream names one that is there. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Api, Route, Upstream } from '../gateway-model.ts'
import type { Validation } from './validation.ts'

/** What checks of an API ask of an upstream; of one that is not there, its name alone. */
export type UpstreamFact = readonly [id: string, protocol?: Upstream['protocol'], enabled?: boolean]

/** Of all that an API names: with the same, its checks say the same, whatever else is different in `upstreams`. */
export function toUpstreamFacts(validation: Validation, api: Api): UpstreamFact[] {
  const named = validation.listOnce('upstreams', api, () => listUpstreams(api))
  return [...named].map((id) => {
    const upstream = validation.findUpstream(id)
    return upstream === undefined ? [id] : [id, upstream.protocol, upstream.enabled !== false]
  })
}

function listUpstreams({ upstream, releases }: Api): ReadonlySet<string> {
  const all = [upstream, ...releases.flatMap((release) => [release.upstream, ...release.routes.map(toUpstream)])]
  return new Set(all.filter((id) => id !== undefined))
}

function toUpstream({ upstream }: Route): string | undefined {
  return upstream
}

/** `isLive` is false where the API or route that names it is switched off. */
export function checkUpstream(
  validation: Validation,
  id: string,
  { path, isLive }: { path: Path; isLive: boolean },
): void {
  const upstreams = validation.model.upstreams
  const upstream = validation.findUpstream(id)
  if (upstream === undefined) {
    if (validation.isLost(id)) return
    validation.fault(path, {
      code: 'unknown-upstream',
      message: `There is no upstream "${id}".`,
      suggestion:
        suggestName(
          id,
          upstreams.map((candidate) => candidate.id),
          'Upstreams',
        ) ?? 'Add it to `upstreams`, or write a URL here.',
    })
  } else if (upstream.enabled === false && isLive) {
    validation.fault(path, {
      code: 'upstream-disabled',
      message: `The upstream "${id}" is switched off, so nothing could be forwarded.`,
      suggestion: 'Remove its `enabled: false`, or switch off what names it too.',
    })
  }
}
