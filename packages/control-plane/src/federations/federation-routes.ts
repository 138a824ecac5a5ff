/** Owns the route by which a pipeline comes in with what its platform has signed: nobody has to keep a secret for it. */
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, defineChange, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { FEDERATION } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import { findResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { dropOldTokens, issueToken } from '../tokens/token-store.ts'
import { checkClaims } from './check-claims.ts'
import { type FederationBody, federationBodySchema } from './federation-body.ts'

/** What platforms sign has some two thousand letters. */
const MOST_LETTERS = 16_384
const MOST_NAME_LETTERS = 200
/** For who looks up what a pipeline did; and longer than anything waits that it has asked for. */
const KEPT_MS = 15 * 86_400_000

interface Found {
  readonly uid: string
  readonly version: number
  readonly body: FederationBody
}

/** @rejects AdminProblem */
async function getFederation(
  db: Moment,
  { team, federation: id }: { readonly team: string; readonly federation: string },
): Promise<Found> {
  const found = await findResource(db, toRef(FEDERATION, { team, id }))
  if (found === undefined) throw refused('there is no such federation')
  return { uid: found.uid, version: found.version, body: federationBodySchema.parse(found.body) }
}

/** @rejects AdminProblem */
async function verify({ services }: Asking, { body }: Found, token: string) {
  const getKey = await services.issuerKeys.get(body).catch((fault: unknown) => {
    throw unavailable(fault instanceof Error ? fault.message : String(fault))
  })
  const verdict = await checkClaims(token, { body, getKey, nowMs: services.nowMs() })
  if (verdict.kind === 'unknown') throw unavailable(verdict.why)
  if (verdict.kind === 'wrong') throw refused(verdict.why)
  return verdict.claims
}

const federate = defineChange({
  name: 'federate',
  method: 'POST',
  path: '/federate',
  summary: 'Gives a token that counts for minutes for one that a platform has signed, such as that of a pipeline.',
  tag: 'tokens',
  access: { kind: 'anybody' },
  body: z.strictObject({
    team: partIdSchema,
    federation: partIdSchema.meta({ description: 'Id of the federation.' }),
    token: z.string().min(1).max(MOST_LETTERS).meta({ description: 'A JWT of its issuer.' }),
  }),
  answer: z.strictObject({ value: z.string(), expiresAt: timeSchema }),
  status: 201,
  isSecret: true,
  async prepare(asking, { body }) {
    const found = await asking.services.store.read((db) => getFederation(db, body))
    return { found, claims: await verify(asking, found, body.token) }
  },
  async change(_, doing, { body: { team, federation }, prepared: { found, claims } }) {
    // What it was checked by is what is there now.
    const { uid, version, body } = await getFederation(doing.db, { team, federation })
    if (uid !== found.uid || version !== found.version) throw refused('the federation was changed meanwhile: try again')
    await dropOldTokens(doing, KEPT_MS)
    const expiresAtMs = doing.nowMs + body.lifetimeSeconds * 1000
    const name = `${federation}: ${claims.sub}`.slice(0, MOST_NAME_LETTERS)
    const { grants } = body
    const by: Actor = `federation:${uid}`
    const { token, value } = await issueToken({ ...doing, by }, { kind: 'service', team, name, grants, expiresAtMs })
    const details = { federation: uid, name, subject: claims.sub, expiresAt: toTime(expiresAtMs) }
    return {
      body: { value, expiresAt: toTime(expiresAtMs) },
      notes: [{ action: 'federate', kind: 'token', target: token.uid, team, details }],
    }
  },
})

function refused(why: string): AdminProblem {
  return new AdminProblem('login-refused', `The token is not taken: ${why}.`)
}

function unavailable(why: string): AdminProblem {
  return new AdminProblem('issuer-unavailable', `The keys of the issuer cannot be had: ${why}.`)
}

export const FEDERATION_ROUTES: readonly Route[] = [federate]
