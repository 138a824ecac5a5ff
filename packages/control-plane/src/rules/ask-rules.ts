/** Owns asking all rules that speak of an API: those of everybody, and those of its team. */
import { AdminProblem } from '../http/admin-problem.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Described, ResourceRef } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import type { UpstreamBody } from '../upstreams/upstream-body.ts'
import { checkRules, compileRule, type RuleFinding } from './check-rules.ts'
import type { Rule, RuleBody } from './rule.ts'
import { type RuleSubject, toRuleFacts } from './rule-facts.ts'

/** Changes wait for each other, and this is within one. */
const BUDGET_MS = 2_000

export async function askRules(db: Moment, subject: Omit<RuleSubject, 'upstreams'>): Promise<RuleFinding[]> {
  const { team } = subject
  const rules = await listRules(db, team)
  if (rules.length === 0) return []
  const upstreams = (await listAllResources(db, 'upstream', team)).map(({ id, body }) => ({
    team,
    id,
    body: body as UpstreamBody & Described,
  }))
  return checkRules(rules, toRuleFacts({ ...subject, upstreams }), { budgetMs: BUDGET_MS })
}

async function listRules(db: Moment, team: string): Promise<Rule[]> {
  const ofAll = await listAllResources(db, 'rule')
  const ofTeam = await listAllResources(db, 'team-rule', team)
  return [...ofAll, ...ofTeam].map(({ id, body }) => ({ id, body: body as RuleBody }))
}

/** Before it is kept: one that cannot be read would refuse whatever is published. @rejects AdminProblem */
export async function assertRule({ id }: ResourceRef, body: Described): Promise<void> {
  const compiled = compileRule({ id, body: body as RuleBody })
  if (!('finding' in compiled)) return
  const { message } = compiled.finding
  throw new AdminProblem('request-invalid', message, { extensions: { errors: [{ at: 'body/expression', message }] } })
}
