/** Owns the check that what names an upstream names one that is there. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Validation } from './validation.ts'

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
