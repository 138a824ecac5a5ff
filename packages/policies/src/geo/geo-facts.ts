/** Owns what a record of a MaxMind DB says about where an address is, and in whose network. */
import type { MmdbReader } from './mmdb-reader.ts'
import type { MmdbPath } from './mmdb-values.ts'

/** Null: not known. A plain object: expressions read it as `variables.geo`. */
export interface GeoFacts {
  /** ISO 3166-1 alpha-2: `DE`. */
  readonly country: string | null
  /** `AF`, `AN`, `AS`, `EU`, `NA`, `OC`, `SA`. */
  readonly continent: string | null
  /** ISO 3166-2, the largest: `US-CA`, `GB-ENG`. */
  readonly subdivision: string | null
  /** Number of the autonomous system (RFC 6793). */
  readonly asn: number | null
}

export type GeoKind = keyof GeoFacts

export const GEO_KINDS = ['country', 'continent', 'subdivision', 'asn'] as const satisfies readonly GeoKind[]

export const CONTINENTS = ['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'] as const

export const NOWHERE: GeoFacts = Object.freeze({ country: null, continent: null, subdivision: null, asn: null })

/** Of GeoIP2 and GeoLite2, and of the databases of others that are made like them; then as IPinfo Lite has it. */
const PATHS = {
  country: [['country', 'iso_code'], ['country_code']],
  continent: [['continent', 'code'], ['continent_code']],
  subdivision: [['subdivisions', 0, 'iso_code']],
  asn: [['autonomous_system_number'], ['traits', 'autonomous_system_number'], ['asn']],
} as const satisfies Readonly<Record<GeoKind, readonly MmdbPath[]>>

/** The largest number of an autonomous system (RFC 6793 §2). */
const MOST_ASN = 2 ** 32 - 1

/** What is no code, and stands where one should, is not known: it goes into fields and expressions. @throws MmdbFault */
export function readGeoFacts(reader: MmdbReader, place: number): GeoFacts {
  const country = findText(reader, place, { paths: PATHS.country, shape: /^[A-Z]{2}$/ })
  const continent = findText(reader, place, { paths: PATHS.continent, shape: /^[A-Z]{2}$/ })
  const division = findText(reader, place, { paths: PATHS.subdivision, shape: /^[A-Z0-9]{1,3}$/ })
  const subdivision = country === null || division === null ? null : `${country}-${division}`
  return { country, continent, subdivision, asn: findAsn(reader, place) }
}

function findText(
  reader: MmdbReader,
  place: number,
  { paths, shape }: { readonly paths: readonly MmdbPath[]; readonly shape: RegExp },
): string | null {
  for (const path of paths) {
    const value = reader.findValue(place, path)
    if (typeof value === 'string' && shape.test(value)) return value
  }
  return null
}

function findAsn(reader: MmdbReader, place: number): number | null {
  for (const path of PATHS.asn) {
    const value = reader.findValue(place, path)
    const number = typeof value === 'string' ? Number(/^AS(\d{1,10})$/.exec(value)?.[1]) : value
    if (number !== undefined && number > 0 && number <= MOST_ASN) return number
  }
  return null
}
