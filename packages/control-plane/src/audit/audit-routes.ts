/** Owns the routes of the audit log: looked through, checked, exported, and rid of what tells of a person. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { numberBelow, numberNext, toLimit } from '../http/page-query.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { toPage } from '../store/pages.ts'
import type { Moment } from '../store/store.ts'
import {
  type AuditEntry,
  type AuditQuery,
  eraseFromAudit,
  listAudit,
  listAuditAfter,
  verifyAudit,
} from './audit-log.ts'
import { findActorNames } from './find-actor-names.ts'

const MOST_LINES = 10_000
const team = z.string().optional().meta({ description: 'Only of this team; `*` is what belongs to none.' })

const entrySchema = z.strictObject({
  number: z.int().meta({ description: 'From 1, without gaps.' }),
  at: timeSchema,
  by: actorSchema,
  byName: z.string().exactOptional().meta({
    description:
      'What people call who did it: a name, or `token "ci" of team shop`. Absent where nobody knows any more.',
  }),
  action: z.string(),
  kind: z.string().meta({ description: 'Of what it was done to.' }),
  target: z.string().meta({ description: 'Uid of what it was done to.' }),
  team: z.string(),
  details: z.unknown().meta({ description: 'Mostly what was there before and after.' }),
  person: z.string().exactOptional().meta({ description: 'Uid of whom it tells.' }),
  personal: z.unknown().optional().meta({ description: 'What tells of that person; goes when they are erased.' }),
  isErased: z.boolean().meta({ description: 'True: something was told of a person who has been erased.' }),
  hash: z.string().meta({ description: 'Of this entry and all before it.' }),
})

/** With the names that who did it have now. */
async function presentEntries(db: Moment, entries: readonly AuditEntry[]) {
  const findName = await findActorNames(db, entries)
  return entries.map((entry) => present(entry, findName(entry)))
}

function present(
  { number, atMs, by, action, kind, target, team: of, details, personal, hash }: AuditEntry,
  byName: string | undefined,
) {
  const isTold = personal !== undefined && personal !== 'erased'
  return {
    number,
    at: toTime(atMs),
    by,
    ...(byName !== undefined && { byName }),
    action,
    kind,
    target,
    team: of,
    details,
    ...(isTold && { person: personal.person, personal: personal.facts }),
    isErased: personal === 'erased',
    hash,
  }
}

/** `all`, or those of a list that may be shown. */
function toShown(teams: readonly string[] | 'all', wanted: string | undefined): { readonly teams?: readonly string[] } {
  if (teams === 'all') return wanted === undefined ? {} : { teams: [wanted] }
  return { teams: wanted === undefined ? teams : teams.filter((each) => each === wanted) }
}

export const AUDIT_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listAudit',
    path: '/audit',
    summary: 'What was done in your teams, the newest first, in pages.',
    tag: 'audit',
    access: { kind: 'some-team', permission: 'audit:read' },
    query: z.strictObject({
      team,
      target: z.string().optional().meta({ description: 'Uid of what it was done to.' }),
      by: z.string().optional().meta({ description: 'Who did it: `user:<uid>`, `token:<uid>`, `system`.' }),
      action: z.string().optional(),
      kind: z.string().optional(),
      environment: partIdSchema.optional().meta({ description: 'Only what was done in this one, or to it.' }),
      from: z.iso.datetime().optional(),
      to: z.iso.datetime().optional(),
      limit: toLimit(),
      below: numberBelow,
    }),
    answer: z.strictObject({ items: z.array(entrySchema), next: numberNext }),
    async read({ teams }, db, { query: asked }) {
      const { team: wanted, target, by, action, kind, environment, from, to, limit, below } = asked
      const query: AuditQuery = {
        limit: limit + 1,
        ...toShown(teams, wanted),
        ...(target !== undefined && { target }),
        ...(by !== undefined && { by }),
        ...(action !== undefined && { action }),
        ...(kind !== undefined && { kind }),
        ...(environment !== undefined && { environment }),
        ...(from !== undefined && { fromMs: Date.parse(from) }),
        ...(to !== undefined && { toMs: Date.parse(to) }),
        ...(below !== undefined && { below }),
      }
      const found = await listAudit(db, query)
      const { items, ...page } = toPage(found, limit, ({ number }) => number)
      return { body: { items: await presentEntries(db, items), ...page } }
    },
  }),
  defineReading({
    name: 'exportAudit',
    path: '/audit/export',
    summary:
      'What was done in your teams, the oldest first, a line of JSON for each. Ask again with the number of the last line until nothing comes.',
    tag: 'audit',
    access: { kind: 'some-team', permission: 'audit:read' },
    query: z.strictObject({
      team,
      after: z.coerce.number().int().min(0).default(0).meta({ description: 'Only entries with a higher number.' }),
      limit: z.coerce.number().int().min(1).max(MOST_LINES).default(1000),
    }),
    answer: z.array(entrySchema),
    isLines: true,
    async read({ teams }, db, { query: { team: wanted, after, limit } }) {
      const entries = await listAuditAfter(db, { after, limit, ...toShown(teams, wanted) })
      return { body: await presentEntries(db, entries) }
    },
  }),
  defineReading({
    name: 'verifyAudit',
    path: '/audit/verify',
    summary:
      'Looks through all entries whether one was changed, taken out or put in between. With a number and hash that you noted elsewhere, also whether some were cut off at the end.',
    tag: 'audit',
    access: { kind: 'demand', toDemand: () => ({ permission: 'audit:read', team: NO_TEAM }) },
    query: z
      .strictObject({ number: z.coerce.number().int().min(1).optional(), hash: z.string().optional() })
      .refine(({ number, hash }) => (number === undefined) === (hash === undefined), {
        error: 'A number and its hash belong together.',
      }),
    answer: z.strictObject({
      isWhole: z.boolean(),
      entries: z.int().exactOptional(),
      hash: z.string().exactOptional().meta({ description: 'Of the newest entry: note it elsewhere.' }),
      firstBroken: z
        .int()
        .exactOptional()
        .meta({ description: 'The first entry that is missing, or not what it was.' }),
    }),
    async read(_, db, { query: { number, hash } }) {
      const expected = number === undefined || hash === undefined ? undefined : { number, hash }
      const verdict = await verifyAudit(db, expected)
      if (verdict.kind === 'broken') return { body: { isWhole: false, firstBroken: verdict.number } }
      return { body: { isWhole: true, entries: verdict.entries, hash: verdict.hash } }
    },
  }),
  defineChange({
    name: 'erasePerson',
    method: 'POST',
    path: '/audit/erase',
    summary:
      'Takes out of all entries what tells of a person: names and addresses. That something was done stays, and the chain holds.',
    tag: 'audit',
    access: { kind: 'demand', toDemand: () => ({ permission: 'audit:erase', team: NO_TEAM }) },
    body: z.strictObject({ person: z.string().min(1).max(64).meta({ description: 'Uid.' }) }),
    answer: z.strictObject({ entries: z.int().meta({ description: 'How many told of them.' }) }),
    async change(_, doing, { body: { person } }) {
      const entries = await eraseFromAudit(doing, person)
      const note = { action: 'erase', kind: 'user', target: person, team: NO_TEAM, details: { entries } }
      return { body: { entries }, notes: [note], changes: [`${entries} entries tell nothing of ${person} any more`] }
    },
  }),
]
