/** Owns the fields that make browsers careful with an answer, and those that say too much about who answered. */
import { z } from 'zod'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'

const ONE_YEAR = 31_536_000
const VALUE = /^[\x20-\x7e]+$/
const fieldValue = z.string().regex(VALUE, 'use printable ASCII only')
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const options = z.strictObject({
  strictTransportSecurity: z
    .union([
      z.literal(false),
      z.strictObject({
        maxAgeSeconds: z
          .int()
          .min(0)
          .default(ONE_YEAR)
          .meta({ description: 'How long browsers insist on https; 0 makes them forget it.' }),
        includeSubDomains: z
          .boolean()
          .default(false)
          .meta({ description: 'For all hosts below this one too, whoever runs them.' }),
        preload: z
          .boolean()
          .default(false)
          .meta({ description: 'Consents to the lists that browsers ship. Hard to undo.' }),
      }),
    ])
    .prefault({})
    .meta({
      description: '`Strict-Transport-Security`, on https only (RFC 6797 §7.2); false to leave it to the upstream.',
    }),
  noSniff: z
    .boolean()
    .default(true)
    .meta({ description: '`X-Content-Type-Options: nosniff`: browsers believe `Content-Type`.' }),
  frames: z.enum(['deny', 'same-origin', 'any']).default('deny').meta({
    description:
      'Who may show answers in a frame: `X-Frame-Options`, and `frame-ancestors` in a `Content-Security-Policy` of its own. `any` says nothing.',
  }),
  referrerPolicy: z
    .union([
      z.literal(false),
      z.enum([
        'no-referrer',
        'no-referrer-when-downgrade',
        'origin',
        'origin-when-cross-origin',
        'same-origin',
        'strict-origin',
        'strict-origin-when-cross-origin',
        'unsafe-url',
      ]),
    ])
    .default('no-referrer')
    .meta({
      description: '`Referrer-Policy`: what pages tell others about where they came from; false to say nothing.',
    }),
  contentSecurityPolicy: fieldValue
    .optional()
    .meta({ description: '`Content-Security-Policy`, instead of the upstream’s; nothing is said if absent.' }),
  permissionsPolicy: fieldValue
    .optional()
    .meta({ description: '`Permissions-Policy`, such as `camera=(), geolocation=()`; nothing is said if absent.' }),
  crossOriginResourcePolicy: z
    .enum(['same-origin', 'same-site', 'cross-origin'])
    .optional()
    .meta({ description: '`Cross-Origin-Resource-Policy`: who may embed answers; nothing is said if absent.' }),
  crossOriginOpenerPolicy: z
    .enum(['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'])
    .optional()
    .meta({ description: '`Cross-Origin-Opener-Policy`: who shares a window group; nothing is said if absent.' }),
  remove: z
    .array(z.string().regex(TOKEN, "use letters, digits and !#$%&'*+-.^_`|~ only"))
    .default(['Server', 'X-Powered-By'])
    .meta({ description: 'Fields of the upstream that say too much about it.' }),
})

type Options = z.output<typeof options>

export const securityHeaders = definePolicy({
  name: 'security-headers',
  phase: 'protect',
  summary: 'Adds the fields that make browsers careful, and removes those that tell attackers what runs here.',
  options,
  examples: [
    { says: 'Sets what suits an API.', options: {} },
    {
      says: 'Allows frames of the same origin, insists on https for a month, and keeps `Server`.',
      options: { frames: 'same-origin', strictTransportSecurity: { maxAgeSeconds: 2_592_000 }, remove: [] },
    },
  ],

  create(given) {
    const fields = toFields(given)
    const transport = toTransportField(given.strictTransportSecurity)
    const ancestors = FRAME_ANCESTORS[given.frames]

    function dress(response: GatewayResponse, isSecure: boolean): GatewayResponse {
      const { headers } = response
      for (const name of given.remove) headers.delete(name)
      for (const [name, value] of fields) headers.set(name, value)
      // CSP §3.1: several policies are enforced together, so this one only ever narrows the upstream's.
      if (ancestors !== undefined) headers.append('Content-Security-Policy', ancestors)
      // RFC 6797 §7.2: never over plain http, where anybody could have said it.
      if (isSecure && transport !== undefined) headers.set('Strict-Transport-Security', transport)
      return response
    }

    return function securityHeaders(exchange, next) {
      const isSecure = exchange.request.scheme === 'https'
      const answer = next(exchange)
      return answer instanceof Promise ? answer.then((response) => dress(response, isSecure)) : dress(answer, isSecure)
    }
  },
})

const FRAME_OPTIONS = { deny: 'DENY', 'same-origin': 'SAMEORIGIN', any: undefined } as const
const FRAME_ANCESTORS = {
  deny: "frame-ancestors 'none'",
  'same-origin': "frame-ancestors 'self'",
  any: undefined,
} as const

type Field = Parameters<HeaderList['set']>

function toFields(given: Options): readonly Field[] {
  const fields: readonly [name: string, value: string | false | undefined][] = [
    ['X-Content-Type-Options', given.noSniff && 'nosniff'],
    ['X-Frame-Options', FRAME_OPTIONS[given.frames]],
    ['Referrer-Policy', given.referrerPolicy],
    ['Content-Security-Policy', given.contentSecurityPolicy],
    ['Permissions-Policy', given.permissionsPolicy],
    ['Cross-Origin-Resource-Policy', given.crossOriginResourcePolicy],
    ['Cross-Origin-Opener-Policy', given.crossOriginOpenerPolicy],
  ]
  return fields.filter((field): field is Field => typeof field[1] === 'string')
}

function toTransportField(given: Options['strictTransportSecurity']): string | undefined {
  if (given === false) return undefined
  const { maxAgeSeconds, includeSubDomains, preload } = given
  return `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}
