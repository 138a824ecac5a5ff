/** Owns what a control plane keeps of a provider by which people log in (OpenID Connect), and what its groups may. */
import { describedShape } from '@gatewright/model'
import { z } from 'zod'
import { type Grant, grantSchema } from '../access/grant.ts'

const { title, description, tags, owner } = describedShape

export const providerBodySchema = z.strictObject({
  title,
  description,
  tags,
  owner,
  issuer: z
    .url({ protocol: /^https?$/, error: 'It is an address, such as https://login.example.com.' })
    .meta({ description: 'The OpenID provider. What it offers is found by discovery.' }),
  clientId: z
    .string()
    .min(1)
    .meta({ description: 'As which it knows this control plane; `PUT …/secret` has the secret.' }),
  scopes: z
    .array(z.string().regex(/^\S+$/))
    .default(['openid', 'email', 'profile'])
    .meta({ description: '`openid` is always among them.' }),
  groupsClaim: z
    .string()
    .min(1)
    .default('groups')
    .meta({ description: 'The claim that lists the groups of a person.' }),
  groups: z.record(z.string().min(1), z.array(grantSchema).min(1)).default({}).meta({
    description: 'What the members of a group may do, by the name of the group. It follows the groups at each login.',
  }),
  grants: z.array(grantSchema).default([]).meta({ description: 'What everybody may do whom the provider logs in.' }),
  isEnforced: z
    .boolean()
    .default(false)
    .meta({ description: 'Nobody logs in otherwise, but accounts that are kept for an emergency (`isBreakGlass`).' }),
})

/** With what has a default. */
export type ProviderBody = z.output<typeof providerBodySchema>

/** All that it gives to anybody. */
export function listGivenGrants({ grants, groups }: ProviderBody): readonly Grant[] {
  return [...grants, ...Object.values(groups).flat()]
}

/** Of a member of these groups: each once. */
export function toGroupGrants({ grants, groups }: ProviderBody, names: readonly string[]): readonly Grant[] {
  const found = [...grants, ...names.flatMap((name) => (Object.hasOwn(groups, name) ? (groups[name] ?? []) : []))]
  return [...new Map(found.map((grant) => [JSON.stringify(grant), grant])).values()]
}
