/** Owns what an upstream is told about the caller, in fields that clients cannot write. */
import { z } from 'zod'
import type { Caller } from '../exchange.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { Problem } from '../problem.ts'
import { ClaimPath } from './claim-path.ts'
import { fieldNameSchema, type PlaceOptions } from './credential-place.ts'
import { toScopeText } from './scope-token.ts'

/** The name of a field that an upstream is told something in. */
export const upstreamFieldSchema = fieldNameSchema.superRefine((name, context) => {
  const fault = findForbiddenField(name, 'request')
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

/** Where clients say who they are, whichever policy reads it. */
const OF_CLIENTS = new Set(['authorization', 'cookie'])

/** The name of one that clients may write nowhere: what is told in it is the gateway's word alone. */
export const factFieldSchema = upstreamFieldSchema.refine((name) => !OF_CLIENTS.has(name.toLowerCase()), {
  error:
    'what clients send in it would be removed on every route, and their credentials stand there; name another field',
})

/** The field in which this very policy finds its credential is no field for what it tells. */
export function reportHeldField(
  context: z.RefinementCtx,
  place: Pick<PlaceOptions, 'in' | 'name'>,
  facts: UpstreamFacts | undefined,
): void {
  const held = place.name.toLowerCase()
  // Those of clients are refused by the schema of the field itself.
  if (place.in !== 'header' || OF_CLIENTS.has(held)) return
  if (!toIdentityFields(facts).some((name) => name.toLowerCase() === held)) return
  const message = `${place.name} holds the credential; name another field`
  context.addIssue({ code: 'custom', path: ['toUpstream'], message })
}

const field = (description: string) =>
  factFieldSchema.optional().meta({ description: `Header field for ${description}` })

/** Stands in the options of policies that recognise callers, as `toUpstream`. */
export const toUpstreamSchema = z
  .strictObject({
    id: field('who calls, such as X-Caller-Id.'),
    app: field('the app, such as X-App-Id.'),
    plan: field('the plan.'),
    scopes: field('the scopes, with spaces between them.'),
    groups: field('the groups, with commas between them.'),
    claims: z.record(z.string().min(1), factFieldSchema).optional().meta({
      description:
        'Claims, and the header field for each: `{ email: X-Email }`; `realm.name` reads a member of a claim. Lists have commas between their items; a comma or percent sign of an item is percent-encoded.',
    }),
  })
  .optional()
  .meta({
    description:
      'Tells the upstream who calls, in header fields. What clients send in these fields is removed on every route.',
  })

export type UpstreamFacts = NonNullable<z.output<typeof toUpstreamSchema>>

export function toIdentityFields(facts: UpstreamFacts | undefined): string[] {
  if (facts === undefined) return []
  const { claims = {}, ...others } = facts
  return [...Object.values(others), ...Object.values(claims)].filter((name) => name !== undefined)
}

/** What is not known is not sent. @throws Problem where what is known cannot stand in a field */
export function tellUpstream({ headers }: Pick<GatewayRequest, 'headers'>, caller: Caller, facts: UpstreamFacts): void {
  const tell = (name: string | undefined, value: string | undefined): void => {
    if (name === undefined) return
    if (value === undefined) headers.delete(name.toLowerCase())
    else headers.set(name, toFieldValue(value, name))
  }
  tell(facts.id, caller.id)
  tell(facts.app, caller.app)
  tell(facts.plan, caller.plan)
  tell(facts.scopes, toScopeText(caller.scopes))
  tell(facts.groups, caller.groups?.map(toItem).join(','))
  for (const [path, name] of Object.entries(facts.claims ?? {})) tell(name, toClaimText(findClaim(caller.claims, path)))
}

/** A claim by its name, or a member of one by a path with dots. Names that are inherited name nothing. */
export function findClaim(claims: Readonly<Record<string, unknown>> | undefined, path: string): unknown {
  return new ClaimPath(path).find(claims)
}

function toClaimText(claim: unknown): string | undefined {
  if (claim === undefined || claim === null) return undefined
  if (typeof claim === 'string') return claim
  if (Array.isArray(claim)) return claim.map((item) => toItem(toClaimText(item) ?? '')).join(',')
  return JSON.stringify(claim)
}

function toItem(item: string): string {
  return item.replace(/[%,]/g, (sign) => (sign === ',' ? '%2C' : '%25'))
}

/** RFC 9110 §5.5: what is not ASCII goes as UTF-8. Claims come from whoever could register a name: a line feed in one is an attack. */
function toFieldValue(text: string, field: string): string {
  if (/[\x00-\x1f\x7f]/.test(text)) {
    throw new Problem('credential-invalid', {
      detail: `What the credential says for ${field} holds a control character, and cannot be sent on.`,
      reason: 'unsendable-claim',
    })
  }
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
