/** Owns which of the callers that were recognised may go on. */
import { z } from 'zod'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { compileDemand, type Demand, demandFields, type Fact, REFUSED } from './demand.ts'

// RFC 9110 §11.6.1: a scheme, and perhaps parameters with tokens or quoted texts for values.
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const PARAMETER = `${TOKEN}=(?:${TOKEN}|"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*")`
const CHALLENGE = new RegExp(`^${TOKEN}(?: ${PARAMETER}(?:, ${PARAMETER})*)?$`)

const options = z.strictObject({
  ...demandFields(
    'CEL that has to be true. One that asks for what is not there, such as a claim, refuses (403); one that fails otherwise, or is neither true nor false, refuses with `expression-failed`.',
  ),
  deny: z
    .strictObject(
      demandFields(
        'CEL that refuses where it is true, and where it asks for what is not there, such as a claim: guard that by `has(…)`. One that fails otherwise, or is neither true nor false, refuses with `expression-failed`.',
      ),
    )
    .optional()
    .meta({
      description:
        'Refuses those of whom any one of these is true, whatever else is: `groups: { any: […] }` is one, `plans` another.',
    }),
  challenge: z
    .string()
    .regex(CHALLENGE, 'write a challenge as RFC 9110 says: Bearer, or Bearer realm="orders"')
    .default('Bearer')
    .meta({
      description:
        'What `WWW-Authenticate` says to callers whom nobody recognised. With Bearer or DPoP, those whose credential lacks scopes are told which.',
    }),
})

export const access = definePolicy({
  name: 'access',
  phase: 'authorize',
  summary: 'Lets only callers pass that were recognised and of whom everything asked for is true.',
  options,
  examples: [
    { says: 'Lets everybody pass whom an earlier policy recognised.', options: {} },
    {
      says: 'Asks for a scope and one of two groups. Another use, with `when`, can ask something else of other methods.',
      options: { scopes: { all: ['orders:write'] }, groups: { any: ['sales', 'support'] } },
    },
    {
      says: 'Lets each tenant reach what is its own, by a claim and the path; one plan is kept out.',
      options: {
        condition: 'has(caller.claims.tenant) && caller.claims.tenant == request.parameters.tenant',
        deny: { plans: ['trial'] },
      },
    },
  ],

  create({ deny, challenge, ...demand }, { variables }) {
    const allowing = compileDemand(demand, variables)
    const denying = compileDemand(deny ?? {}, variables)
    const nobody = new Problem('credential-missing', {
      detail: 'Who calls is not known, and has to be known here. Send a credential.',
      headers: [['WWW-Authenticate', challenge]],
    })
    const refusals = toRefusals(demand, challenge)
    const denials = toRefusals({}, challenge, 'denied-')

    return function access(exchange, next) {
      const { caller } = exchange
      if (caller === undefined) throw nobody
      for (const { fact, passes } of denying) if (passes(caller, exchange)) throw denials[fact]
      for (const { fact, passes } of allowing) if (!passes(caller, exchange)) throw refusals[fact]
      return next(exchange)
    }
  },
})

const FACTS: readonly Fact[] = ['caller', 'app', 'plan', 'scopes', 'groups', 'claims', 'condition']

/** Which groups, claims or plans would do is nobody's business who has none of them; scopes are there to be asked for. */
function toRefusals(demand: Demand, challenge: string, prefix = ''): Readonly<Record<Fact, Problem>> {
  const entries = FACTS.map(
    (fact) => [fact, new Problem('access-denied', { detail: REFUSED, reason: prefix + fact })] as const,
  )
  const refusals = Object.fromEntries(entries) as Record<Fact, Problem>
  const wanted = toWantedScopes(demand)
  if (wanted === '') return refusals
  refusals.scopes = new Problem('access-denied', {
    detail: `The credential lacks a scope. This needs: ${wanted}.`,
    headers: toScopeChallenge(challenge, wanted),
    reason: 'scopes',
  })
  return refusals
}

/** Of those of which any one will do, the first: whoever asked for all of them would get more than is needed. */
function toWantedScopes({ scopes }: Demand): string {
  return [...new Set([...(scopes?.all ?? []), ...(scopes?.any?.slice(0, 1) ?? [])])].join(' ')
}

/** RFC 6750 §3.1, and RFC 9449 §7.1 for DPoP; no other scheme has an `insufficient_scope`. */
function toScopeChallenge(challenge: string, scopes: string): readonly (readonly [string, string])[] {
  const [scheme = '', ...parameters] = challenge.split(' ')
  if (!/^(?:bearer|dpop)$/i.test(scheme)) return []
  const says = [...(parameters.length > 0 ? [parameters.join(' ')] : []), 'error="insufficient_scope"']
  return [['WWW-Authenticate', `${scheme} ${says.join(', ')}, scope="${scopes}"`]]
}
