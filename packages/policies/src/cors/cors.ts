/** Owns which web pages may call: the Fetch standard's CORS protocol, preflights answered here. */
import { z } from 'zod'
import { addVary } from '../messages/add-vary.ts'
import type { HeaderList } from '../messages/header-list.ts'
import { compileOrigins, ORIGIN } from '../messages/origins.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TOKENS = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/
const name = z.string().regex(TOKEN, "use letters, digits and !#$%&'*+-.^_`|~ only")

const options = z
  .strictObject({
    origins: z
      .array(
        z
          .string()
          .regex(ORIGIN, 'write an origin as browsers send it: https://app.example.com, in lower case, without a path'),
      )
      .min(1)
      .default(['*'])
      .meta({
        description:
          'Origins that may call: exact ones, `https://*.example.com` for any one label, `null` for sandboxed pages and files, `*` for all.',
      }),
    methods: z
      .array(name)
      .min(1)
      .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
      .meta({ description: 'Methods that pages may use; `*` for all.' }),
    headers: z
      .array(name)
      .default(['*'])
      .meta({ description: 'Header fields that pages may send; `*` for whatever they ask for.' }),
    exposedHeaders: z
      .array(name)
      .default([])
      .meta({ description: 'Fields of answers that pages may read, besides the few that they always may.' }),
    credentials: z
      .boolean()
      .default(false)
      .meta({ description: 'Lets pages send cookies and other credentials. Needs origins other than `*`.' }),
    maxAgeSeconds: z.int().min(0).max(86_400).default(600).meta({
      description: 'How long browsers may remember a preflight. They cap it: Chromium at 7200, Firefox at 86400.',
    }),
    privateNetwork: z
      .boolean()
      .default(false)
      .meta({ description: 'Lets public pages reach this API in a private network (Private Network Access).' }),
  })
  .refine(({ origins, credentials }) => !(credentials && origins.includes('*')), {
    path: ['origins'],
    // Fetch §3.3.5: with credentials, `*` is refused by browsers; reflecting every origin instead would open the API to any page.
    error: 'credentials cannot be allowed to every origin; name the origins, or set credentials to false',
  })

type Options = z.output<typeof options>

export const cors = definePolicy({
  name: 'cors',
  phase: 'protect',
  summary: 'Lets web pages of other origins call, and answers their preflights.',
  options,
  examples: [
    { says: 'Lets every page call, without credentials.', options: {} },
    {
      says: 'Lets the pages of one company call with their cookies.',
      options: { origins: ['https://app.example.com', 'https://*.example.com'], credentials: true },
    },
  ],

  create(given) {
    const allows = compileOrigins(given.origins)
    const isOpen = given.origins.includes('*')
    const exposed = given.exposedHeaders.join(', ')

    function dress(response: GatewayResponse, origin: string | undefined): GatewayResponse {
      const { headers } = response
      // The upstream's own would contradict: browsers refuse two `Access-Control-Allow-Origin`.
      for (const field of RESPONSE_FIELDS) headers.delete(field)
      if (!isOpen) addVary(headers, 'Origin')
      if (origin === undefined || !allows(origin)) return response
      headers.append('Access-Control-Allow-Origin', isOpen ? '*' : origin)
      if (given.credentials) headers.append('Access-Control-Allow-Credentials', 'true')
      if (exposed !== '') headers.append('Access-Control-Expose-Headers', exposed)
      return response
    }

    return function cors(exchange, next) {
      const { request } = exchange
      const origin = request.headers.get('origin')
      if (isPreflight(request, origin)) return toPreflightAnswer(request, dress(toEmptyAnswer(), origin), given)
      const answer = next(exchange)
      return answer instanceof Promise ? answer.then((response) => dress(response, origin)) : dress(answer, origin)
    }
  },
})

const RESPONSE_FIELDS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
] as const

/** Fetch §3.3.2: a CORS-preflight request. */
function isPreflight({ method, headers }: GatewayRequest, origin: string | undefined): boolean {
  return method === 'OPTIONS' && origin !== undefined && headers.has('access-control-request-method')
}

function toEmptyAnswer(): GatewayResponse {
  return new GatewayResponse({ status: 204 })
}

/** Fetch §3.3.3. An origin that is not allowed gets none of it: the browser then says why to its page. */
function toPreflightAnswer(request: GatewayRequest, answer: GatewayResponse, given: Options): GatewayResponse {
  const { headers } = answer
  addVary(headers, 'Access-Control-Request-Method, Access-Control-Request-Headers')
  if (!headers.has('access-control-allow-origin')) return answer
  const methods = given.methods.includes('*')
    ? toList(request.headers, 'access-control-request-method')
    : given.methods.join(', ')
  const names = given.headers.includes('*')
    ? toList(request.headers, 'access-control-request-headers')
    : given.headers.join(', ')
  // `*` is said by echoing what was asked: with credentials, and for `Authorization`, browsers take `*` for a name (Fetch §4.10).
  if (methods !== '') headers.append('Access-Control-Allow-Methods', methods)
  if (names !== '') headers.append('Access-Control-Allow-Headers', names)
  headers.append('Access-Control-Max-Age', String(given.maxAgeSeconds))
  if (given.privateNetwork && request.headers.get('access-control-request-private-network') === 'true') {
    headers.append('Access-Control-Allow-Private-Network', 'true')
  }
  return answer
}

/** What the browser asked for, if it is a list of names at all. */
function toList(headers: HeaderList, field: string): string {
  const asked = headers.get(field)
  return asked !== undefined && TOKENS.test(asked) ? asked : ''
}
