/** Owns from which places of the world, and from whose networks, may be called; and who is told where a client is. */
import { z } from 'zod'
import { toAddressKey } from '../addresses/address.ts'
import { factFieldSchema } from '../callers/upstream-facts.ts'
import { fileOption } from '../file-option.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { checkDatabase } from './check-database.ts'
import { GeoDatabase } from './geo-database.ts'
import { CONTINENTS, GEO_KINDS, type GeoFacts, type GeoKind, NOWHERE } from './geo-facts.ts'
import { countrySchema, subdivisionSchema } from './place-codes.ts'

/** RFC 6793 §2. */
const asnSchema = z.int().min(1).max(4_294_967_295)

const places = (description: string) =>
  z
    .strictObject({
      countries: z.array(countrySchema).default([]).meta({
        description:
          'Codes of ISO 3166-1, such as `DE`. It is the country where the address is used, not where it is registered.',
      }),
      continents: z.array(z.enum(CONTINENTS)).default([]).meta({
        description: 'AF Africa, AN Antarctica, AS Asia, EU Europe, NA North America, OC Oceania, SA South America.',
      }),
      subdivisions: z
        .array(subdivisionSchema)
        .default([])
        .meta({ description: 'Codes of ISO 3166-2, such as `US-CA`: the largest part of its country that is known.' }),
      asns: z.array(asnSchema).default([]).meta({ description: 'Numbers of autonomous systems, such as 64500.' }),
    })
    .refine((lists) => Object.values(lists).some((list) => list.length > 0), {
      message: 'names no place and no network',
    })
    .optional()
    .meta({ description })

const field = (description: string) =>
  factFieldSchema.optional().meta({ description: `Header field for ${description}` })

const options = z.strictObject({
  database: fileOption(
    'A MaxMind DB file (`.mmdb`): of GeoIP2, of GeoLite2, or of others who make such. None comes along: GeoLite2 of MaxMind needs an account, and its licence asks for a notice and that old files are replaced and deleted within 30 days of a new one; DB-IP Lite needs no account, and is under CC BY 4.0, which asks for a link to db-ip.com. Get the `.mmdb` of either, unpacked.',
  ),
  allow: places('Who may call; nobody else may. One of its lists has to hold the place or the network.'),
  deny: places('Who may not call, even if `allow` holds another fact about them.'),
  unknown: z.enum(['allow', 'deny']).optional().meta({
    description:
      'What happens to addresses of which the file knows nothing that `allow` and `deny` ask for, such as those of private networks. Unless it is said: `deny` where there is an `allow`, else `allow`.',
  }),
  toUpstream: z
    .strictObject({
      country: field('the country, such as X-Client-Country.'),
      continent: field('the continent.'),
      subdivision: field('the subdivision.'),
      asn: field('the number of the autonomous system.'),
    })
    .optional()
    .meta({
      description:
        'Tells the upstream where the client is, in header fields; what is not known is not sent. What clients send in these fields is removed on every route.',
    }),
})

type Options = z.output<typeof options>
type Places = NonNullable<Options['allow']>

export const geo = definePolicy({
  name: 'geo',
  phase: 'protect',
  summary:
    'Lets only some countries, continents or networks call, or all but some, and leaves where a client is for others.',
  options,
  examples: [
    {
      says: 'Lets two countries call, and the own network, which the file does not know.',
      options: { database: './GeoLite2-Country.mmdb', allow: { countries: ['DE', 'AT'] }, unknown: 'allow' },
    },
    {
      says: 'Keeps two networks out, by their numbers.',
      options: { database: '/var/lib/GeoIP/GeoLite2-ASN.mmdb', deny: { asns: [64500, 64501] } },
    },
    {
      says: 'Refuses nobody, and tells upstreams and expressions (`variables.geo.country`) the country.',
      options: { database: './GeoLite2-City.mmdb', toUpstream: { country: 'X-Client-Country' } },
    },
  ],
  identityFields: ({ toUpstream = {} }) => Object.values(toUpstream).filter((name) => name !== undefined),
  files: (given) => [
    {
      path: given.database,
      at: ['database'],
      check: (bytes) => checkDatabase(bytes, findAskedKinds(given)),
    },
  ],

  create(given, { files, log }) {
    const database = new GeoDatabase(files.open(given.database), log)
    const judge = compileJudge(given)
    const { toUpstream } = given

    return function geo(exchange, next) {
      const address = toAddressKey(exchange.client.address)
      const facts = address === undefined ? NOWHERE : database.find(address)
      const refusal = judge?.(facts)
      if (refusal !== undefined) throw refusal
      const { variables } = exchange
      variables.set('geo', merge(variables.get('geo'), facts))
      if (toUpstream !== undefined) tellPlace(exchange.request, facts, toUpstream)
      return next(exchange)
    }
  },
})

const LISTS = {
  country: 'countries',
  continent: 'continents',
  subdivision: 'subdivisions',
  asn: 'asns',
} as const satisfies Record<GeoKind, keyof Places>

/** What the lists of places name. */
function findListedKinds({ allow, deny }: Options): GeoKind[] {
  return GEO_KINDS.filter((kind) => [allow, deny].some((places) => (places?.[LISTS[kind]].length ?? 0) > 0))
}

/** What the file has to know. */
function findAskedKinds(given: Options): GeoKind[] {
  const listed = findListedKinds(given)
  return GEO_KINDS.filter((kind) => listed.includes(kind) || given.toUpstream?.[kind] !== undefined)
}

/** Why somebody of whom so much is known may not call, or undefined. None where there are no lists. */
function compileJudge(given: Options): ((facts: GeoFacts) => Problem | undefined) | undefined {
  const kinds = findListedKinds(given)
  if (kinds.length === 0) return undefined
  const allows = compilePlaces(given.allow)
  const denies = compilePlaces(given.deny)
  const refuse = (reason: string) =>
    new Problem('address-denied', { detail: 'Requests from this place or network are not accepted here.', reason })
  const denied = refuse('geo-denied')
  const other = refuse('geo-not-allowed')
  const unknown =
    (given.unknown ?? (allows === undefined ? 'allow' : 'deny')) === 'deny' ? refuse('geo-unknown') : undefined

  return (facts) => {
    if (denies?.(facts) === true) return denied
    if (allows?.(facts) === true) return undefined
    if (kinds.every((kind) => facts[kind] === null)) return unknown
    return allows === undefined ? undefined : other
  }
}

function compilePlaces(places: Places | undefined): ((facts: GeoFacts) => boolean) | undefined {
  if (places === undefined) return undefined
  const countries = new Set<string | null>(places.countries)
  const continents = new Set<string | null>(places.continents)
  const subdivisions = new Set<string | null>(places.subdivisions)
  const asns = new Set<number | null>(places.asns)
  return ({ country, continent, subdivision, asn }) =>
    countries.has(country) || continents.has(continent) || subdivisions.has(subdivision) || asns.has(asn)
}

/** Another use, with another file, may have found what this one does not know. */
function merge(earlier: unknown, facts: GeoFacts): GeoFacts {
  if (!isGeoFacts(earlier)) return facts
  return {
    country: facts.country ?? earlier.country,
    continent: facts.continent ?? earlier.continent,
    subdivision: facts.subdivision ?? earlier.subdivision,
    asn: facts.asn ?? earlier.asn,
  }
}

function isGeoFacts(value: unknown): value is GeoFacts {
  return typeof value === 'object' && value !== null && GEO_KINDS.every((kind) => kind in value)
}

/** A field that a client wrote says nothing, also where nothing is known. */
function tellPlace({ headers }: GatewayRequest, facts: GeoFacts, fields: NonNullable<Options['toUpstream']>): void {
  for (const kind of GEO_KINDS) {
    const name = fields[kind]
    if (name === undefined) continue
    const fact = facts[kind]
    if (fact === null) headers.delete(name.toLowerCase())
    else headers.set(name, String(fact))
  }
}
