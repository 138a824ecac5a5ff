/** Owns that commands print nothing that came from outside of the files: `${env:…}` and `${file:…}` are shown as they are written. */
import type { Sources } from '@gatewright/model'

/** Names of files, lines and cases, which come from nobody's surroundings. */
const PLACES = /^(?:at|file|name|\w+At)$/

/** `told` with every text in it as the files write it. */
export function hidePutIn<Told>(told: Told, sources: Sources): Told {
  return (sources.hasPutIn ? hideIn(told, sources) : told) as Told
}

function hideIn(value: unknown, sources: Sources): unknown {
  if (typeof value === 'string') return sources.hide(value)
  if (Array.isArray(value)) return value.map((item) => hideIn(item, sources))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
  return Object.fromEntries(
    members.map(([name, member]) => [name, PLACES.test(name) ? member : hideIn(member, sources)]),
  )
}
