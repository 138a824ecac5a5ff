/** Owns asking all rules that speak of an API: those of everybody, and those of its team. */
import { AdminProblem } from '../http/admin-problem.ts'
import { listAllResources, listResources } from '../resources/list-resources.ts'
import type { Described, ResourceRef } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'
import { checkRules, compileRule, type RuleFinding } from './check-rules.ts'
import type { Rule, RuleBody } from './rule.ts'
import { type RuleSubject, toRuleFacts } from './rule-facts.ts'

/** Changes wait for each other, and this is within one. */
const BUDGET_MS = 2_000

/** Of a team; more than somebody would write. */
const MOST_RULES = 500

export async function askRules(db: Moment, subject: Omit<RuleSubject, 'upstreams'>): Promise<RuleFinding[]> {
  const rules = await listRules(db, subject.team)
  if (rules.length === 0) return []
  const query = { kind: 'upstream', teams: [subject.team], limit: MOST_RULES }
  const upstreams = (await listResources(db, query)).resources.map(({ id, body }) => ({
    team: subject.team,
    id,
    body: body as UpstreamBody & Described,
  }))
  return checkRules(rules, toRuleFacts({ ...subject, upstreams }), { budgetMs: BUDGET_MS })
}

async function listRules(db: Moment, team: string): Promise<Rule[]> {
  const ofAll = await listAllResources(db, 'rule')
  const { resources: ofTeam } = await listResources(db, { kind: 'team-rule', teams: [team], limit: MOST_RULES })
  return [...ofAll, ...ofTeam].map(({ id, body }) => ({ id, body: body as RuleBody }))
}

/** Before it is kept: one that cannot be read would refuse whatever is published. @rejects AdminProblem */
export async function assertRule({ id }: ResourceRef, body: Described): Promise<void> {
  const compiled = compileRule({ id, body: body as RuleBody })
  if (!('finding' in compiled)) return
  const { message } = compiled.finding
  throw new AdminProblem('request-invalid', message, { extensions: { errors: [{ at: 'body/expression', message }] } })
}
