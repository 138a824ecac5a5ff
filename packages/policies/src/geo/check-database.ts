/** Owns the look at a whole MaxMind DB before anything relies on it: main takes it, once a file, so that no thread has to. */
import type { GeoKind } from './geo-facts.ts'
import { readGeoFacts } from './geo-facts.ts'
import { MmdbReader, NO_RECORD } from './mmdb-reader.ts'
import { MmdbFault } from './mmdb-values.ts'

/** Records that are read: enough to meet every fact that a file has, and about 0.1 s for the largest. */
const MOST_RECORDS = 20_000

const WORDS = {
  country: 'countries',
  continent: 'continents',
  subdivision: 'subdivisions',
  asn: 'numbers of autonomous systems',
} as const satisfies Record<GeoKind, string>

/** @throws MmdbFault where it is damaged, or says nothing of what is asked for */
export function checkDatabase(bytes: Uint8Array, kinds: readonly GeoKind[]): void {
  const reader = new MmdbReader(bytes)
  const missing = new Set(kinds)
  // One record in so many, over the whole of the tree.
  const stride = Math.max(1, Math.ceil((reader.nodeCount * 2) / MOST_RECORDS))
  let seen = 0
  for (let node = 0; node < reader.nodeCount; node++) {
    for (let bit = 0; bit < 2; bit++) {
      const record = reader.recordOf(node, bit)
      if (record < reader.nodeCount) continue
      const place = reader.toPlace(record)
      if (place === NO_RECORD) continue
      seen++
      if (seen % stride !== 0) continue
      const facts = readGeoFacts(reader, place)
      for (const kind of missing) if (facts[kind] !== null) missing.delete(kind)
    }
  }
  if (seen === 0) throw new MmdbFault('it knows no address at all')
  if (missing.size === 0) return
  const lacking = [...missing].map((kind) => WORDS[kind]).join(' and ')
  throw new MmdbFault(`it is a ${reader.databaseType}, which knows no ${lacking}`)
}
