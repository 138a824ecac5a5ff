/** Owns what is another for an API in one environment than in the next, whatever it says itself: what both would compose. Pure, and never throws. */
import { type Change, diff } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { type PublishedForm, resolveFormIn } from '../apis/published-form.ts'
import type { DescribedChange } from '../revisions/described-change.ts'
import type { EnvironmentBody } from './environment-body.ts'

/** The same on both sides, so that only what an environment brings is another. */
const PLACE = 'environment'

/** Prefix, hosts, variables and policies, and of the upstreams those that the API names. */
export function describePlaceChanges(
  form: PublishedForm,
  before: EnvironmentBody,
  after: EnvironmentBody,
): DescribedChange[] {
  const [was, is] = [before, after].map((body) => {
    const { model } = resolveFormIn(form, { team: 'main', id: 'api', environment: { id: PLACE, body } })
    return { model, catalogue: BUILT_IN_POLICIES }
  })
  if (was === undefined || is === undefined) return []
  const named = listNamed(form)
  return diff(was, is).flatMap((change): DescribedChange[] => {
    const subject = toSubject(change, named)
    return subject === undefined ? [] : [toDescribed(change, subject)]
  })
}

/** `upstream environment.backend` → `upstream backend`; undefined: it is none of this API. */
function toSubject({ subject }: Change, named: ReadonlySet<string>): string | undefined {
  if (/^(?:api|route) /.test(subject)) return ''
  const upstream = /^upstream environment\.(.+)$/.exec(subject)?.[1]
  return upstream !== undefined && named.has(upstream) ? `upstream ${upstream}: ` : undefined
}

function listNamed({ body }: PublishedForm): ReadonlySet<string> {
  const names = [body.upstream, ...(body.routes ?? []).map(({ upstream }) => upstream)]
  return new Set(names.filter((name) => name !== undefined))
}

function toDescribed({ kind, path = '', text, before, after }: Change, subject: string): DescribedChange {
  return {
    kind,
    what: 'environment',
    path,
    text: `environment: ${subject}${text}`,
    // Secrets are marks from here on.
    ...(before !== undefined && { before: JSON.parse(JSON.stringify(before)) }),
    ...(after !== undefined && { after: JSON.parse(JSON.stringify(after)) }),
  }
}
