/** Owns what keeps a revision from going live: rules that it breaks, and callers that it would break. */
import { z } from 'zod'
import { getWholeForm } from '../apis/find-form.ts'
import type { PublishedForm } from '../apis/published-form.ts'
import type { BreakingChange } from '../breaking/breaking-change.ts'
import { presentBreakingChange } from '../breaking/breaking-change-schema.ts'
import { findBreakingChanges } from '../breaking/find-breaking-changes.ts'
import { presentFinding } from '../documents/finding-schema.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { readPolicyLists } from '../policy-lists/read-policy-lists.ts'
import type { Outcome } from '../publish/outcome.ts'
import { describeChanges } from '../revisions/describe-changes.ts'
import { askRules } from '../rules/ask-rules.ts'
import type { RuleFinding } from '../rules/check-rules.ts'
import type { Moment } from '../store/store.ts'
import { type Deployment, listLiveReleases } from './deployment.ts'
import { type DeploymentPlace, findMain } from './deployment-place.ts'
import type { DeployOptions } from './deployment-store.ts'
import type { Succession } from './succession.ts'

/** Every breaking change. */
const ALL = 'all'

export const acknowledgeSchema = z
  .strictObject({
    codes: z.array(z.string().min(1)).min(1).meta({ description: 'Codes of breaking changes, or `all`.' }),
    reason: z
      .string()
      .min(1)
      .max(2000)
      .meta({ description: 'Why callers can live with it: it stands in the message.' }),
  })
  .meta({ description: 'Breaking changes that are known and wanted.' })

export type Acknowledge = z.output<typeof acknowledgeSchema>

/** What somebody wants to be live. */
export interface Wish extends DeployOptions {
  readonly acknowledge?: Acknowledge | undefined
  /** Why it cannot wait: passes a freeze, and brings back what was live, for those who may. */
  readonly override?: string | undefined
  /** It brings back what was live before the last change. */
  readonly isOneBack?: boolean
  /** What came of it when it was asked for. */
  readonly outcome?: Outcome | undefined
  /** Another API comes after this one. */
  readonly succession?: Succession
  /** Told to who asked, and kept nowhere. */
  readonly shown?: { readonly token: string; readonly revision: number; readonly expires: string }
  /** Beside what is another in the API: of a dry run. */
  readonly changes?: readonly string[]
}

export interface Judgement {
  readonly warnings: readonly RuleFinding[]
  /** Codes. */
  readonly acknowledged: readonly string[]
  /** Against what is live, a line each. */
  readonly changes: readonly string[]
}

const NOTHING_TO_SAY: Judgement = { warnings: [], acknowledged: [], changes: [] }

/** What was live before, and what is taken out, is judged no more: whoever has to go back has to be able to. */
const JUDGED: ReadonlySet<string> = new Set(['publish', 'promote', 'canary'])

/** @rejects AdminProblem with everything that keeps it from being live */
export async function judgeWish(
  db: Moment,
  place: DeploymentPlace,
  { wish, before }: { readonly wish: Wish; readonly before: Deployment | undefined },
): Promise<Judgement> {
  if (!JUDGED.has(wish.why)) return NOTHING_TO_SAY
  const main = findMain(before)
  const live = new Set(listLiveReleases(before).map(({ revision }) => revision))
  const judged = listLiveReleases(wish)
    .map(({ revision }) => revision)
    .filter((revision) => revision !== main?.revision)
  if (judged.length === 0) return NOTHING_TO_SAY
  const was = main === undefined ? undefined : await getWholeForm(db, place.api, main.revision)
  const warnings: RuleFinding[] = []
  const breaking: BreakingChange[] = []
  const changes: string[] = []
  for (const revision of judged) {
    const is = await getWholeForm(db, place.api, revision)
    warnings.push(...(await assertRules(db, place, is)))
    if (was === undefined) continue
    changes.push(...describeChanges(was, is).map(({ text }) => text))
    // A canary was judged when it began.
    if (!live.has(revision)) breaking.push(...findBreakingChanges(was, is))
  }
  return { warnings, acknowledged: assertAcknowledged(breaking, wish), changes }
}

/** @rejects AdminProblem */
async function assertRules(db: Moment, { api, environment }: DeploymentPlace, form: PublishedForm) {
  const { id } = environment
  const body = (await readPolicyLists(db)).expandEnvironment(environment.body)
  const findings = await askRules(db, { ...form, team: api.team, id: api.id, environment: { id, body } })
  const faults = findings.filter(({ severity }) => severity === 'fault')
  const [first] = faults
  if (first === undefined) return findings
  const said = [first.message, first.suggestion].filter((text) => text !== undefined).join(' ')
  throw new AdminProblem('rule-broken', said, { extensions: { findings: findings.map(presentRuleFinding) } })
}

export function presentRuleFinding(finding: RuleFinding) {
  return { ...presentFinding(finding), rule: finding.rule }
}

/** @throws AdminProblem */
function assertAcknowledged(breaking: readonly BreakingChange[], { acknowledge }: Wish): readonly string[] {
  const known = new Set(acknowledge?.codes)
  const unknown = breaking.filter(({ code }) => !known.has(code) && !known.has(ALL))
  const [first] = unknown
  if (first === undefined) return [...new Set(breaking.map(({ code }) => code))]
  throw new AdminProblem(
    'breaks-callers',
    `${first.message} Callers of what is live would notice ${unknown.length === 1 ? 'it' : `${unknown.length} such changes`}: mend it, or acknowledge it with a reason: "acknowledge": { "codes": ["${first.code}"], "reason": "…" }.`,
    { extensions: { changes: unknown.map(presentBreakingChange) } },
  )
}

/** As it stands in the history: with what was acknowledged, and why. */
export function toMessage({ message = '', acknowledge, override }: Wish, { acknowledged }: Judgement): string {
  const known = acknowledged.join(', ')
  return [
    message,
    acknowledge !== undefined && known !== '' ? `Breaking changes are known (${known}): ${acknowledge.reason}` : '',
    override === undefined ? '' : `It could not wait: ${override}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
