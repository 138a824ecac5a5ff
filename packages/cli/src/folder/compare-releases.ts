/** Owns comparing what a folder wants to be live of an API with what is live, and saying it in words. */
import type { ServerRelease } from './server-state.ts'

/** Without previews. */
export function listLive(releases: readonly ServerRelease[] = []): readonly ServerRelease[] {
  return releases.filter(({ preview }) => preview === undefined)
}

/** Previews that are there beside those which are wanted make no difference: they stay. */
export function isAllThere(wanted: readonly ServerRelease[], there: readonly ServerRelease[] = []): boolean {
  const has = new Set(there.map(toKey))
  const toKeys = (releases: readonly ServerRelease[]) => JSON.stringify(listLive(releases).map(toKey))
  return toKeys(wanted) === toKeys(there) && wanted.every((release) => has.has(toKey(release)))
}

function toKey({ revision, share = 0, when, apps, preview }: ServerRelease): string {
  return JSON.stringify([revision, share, when, apps, preview?.hash, preview && Date.parse(preview.expires)])
}

/** `revision 3`, `revision 2 (90 %), revision 3 (10 %)`. */
export function toText(releases: readonly ServerRelease[]): string {
  const [only, ...others] = releases
  if (only === undefined) return '(nothing)'
  if (others.length === 0 && only.apps === undefined) return `revision ${only.revision}`
  return releases.map((release) => `revision ${release.revision} (${toPart(release)})`).join(', ')
}

function toPart({ share, when, apps, preview }: ServerRelease): string {
  if (preview !== undefined) return `a preview until ${preview.expires}`
  const requests = when === undefined ? `${share ?? 0} %` : `when ${when}`
  if (apps === undefined) return requests
  const alone = share === undefined && when === undefined
  return `${alone ? '' : `${requests} and `}apps ${apps.join(', ')}`
}
