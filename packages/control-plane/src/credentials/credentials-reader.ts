/**
 * Owns what gateways are told of apps and keys: all of it as of a change of the store, or what became different since one that
 * they know. A key that is revoked is one small difference; what changes for everybody, such as an API that goes live, is everything
 * anew. All of it is read in pages, in one moment, and a page is forgotten when the next one is asked for.
 */
import type { App, CredentialsChange, Key } from '@gatewright/model'
import type { AppBody } from '../apps/app-body.ts'
import type { Key as KeptKey } from '../keys/key.ts'
import { listChangedKeys, fromRow as toKey } from '../keys/key-store.ts'
import { hasRemovals, listChangedResources } from '../resources/changed-resources.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { toResource } from '../resources/resource-store.ts'
import { inParts } from '../store/in-parts.ts'
import { readSequence } from '../store/next-sequence.ts'
import type { Moment } from '../store/store.ts'
import type { Subscription } from '../subscriptions/subscription.ts'
import { fromRow as toSubscription } from '../subscriptions/subscription-store.ts'
import { type ComposedApp, composeApp } from './compose-apps.ts'
import {
  type CredentialsTerms,
  findNewestOfTerms,
  readTermsData,
  type TermsData,
  toTerms,
} from './credentials-terms.ts'

/** `sequence`: of the newest change that it holds. Pages are read within the moment that was given. */
export type CredentialsReading =
  | { readonly kind: 'whole'; readonly sequence: number; readonly pages: AsyncGenerator<readonly App[]> }
  | {
      readonly kind: 'changes'
      readonly sequence: number
      readonly pages: AsyncGenerator<readonly CredentialsChange[]>
    }

/** Apps to a page, and keys to a question. */
const APPS_AT_ONCE = 500
const KEYS_AT_ONCE = 5_000

export class CredentialsReader {
  /** Whether an API, by its id in a snapshot, can be called where this is told: of plans for others nobody there asks. */
  readonly #runs: (api: string) => boolean
  #terms: CredentialsTerms | undefined
  #termsText = ''
  /** The change since which terms are what they are, or an earlier one than that is not known. */
  #termsSince = 0
  /** The change up to which that is known. */
  #lookedAt = 0

  constructor(runs: (api: string) => boolean = () => true) {
    this.#runs = runs
  }

  /** `since`: a change that the reader knows already, by its number; undefined: it knows nothing. */
  async read(db: Moment, since?: number): Promise<CredentialsReading> {
    const sequence = await readSequence(db)
    const terms = await this.#readTerms(db, sequence)
    const isKnown = since !== undefined && since >= this.#termsSince && since <= sequence
    // What was removed says no more what it was: it may have been an app.
    if (isKnown && !(await hasRemovals(db, since))) {
      return { kind: 'changes', sequence, pages: listChanges(db, { since, terms }) }
    }
    return { kind: 'whole', sequence, pages: listAll(db, terms) }
  }

  async #readTerms(db: Moment, sequence: number): Promise<CredentialsTerms> {
    const newest = await findNewestOfTerms(db)
    const isSame = newest <= this.#lookedAt && !(await hasRemovals(db, this.#lookedAt))
    if (this.#terms === undefined || !isSame) {
      const data = await this.#readData(db)
      const text = JSON.stringify(data)
      if (text !== this.#termsText) {
        // Where what they were before is not known, any of these changes may have made them so.
        this.#termsSince = this.#terms === undefined ? newest : sequence
        this.#terms = toTerms(data)
        this.#termsText = text
      }
    }
    this.#lookedAt = sequence
    return this.#terms ?? toTerms(await this.#readData(db))
  }

  async #readData(db: Moment): Promise<TermsData> {
    const { live, ...data } = await readTermsData(db)
    return { ...data, live: live.filter(([api]) => this.#runs(api)) }
  }
}

/** Each app with all of its keys, by uid. */
async function* listAll(db: Moment, terms: CredentialsTerms): AsyncGenerator<readonly App[]> {
  for (let after = ''; ; ) {
    const query = db.selectFrom('resources').selectAll().where('kind', '=', 'app').where('uid', '>', after)
    const rows = await query.orderBy('uid').limit(APPS_AT_ONCE).execute()
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.uid
    const composed = await composeApps(db, rows.map(toResource), terms)
    const keys = new Map<string, Key[]>([...composed.keys()].map((uid) => [uid, []]))
    for await (const some of listLivingKeys(db, [...composed.keys()])) {
      for (const key of some) {
        const made = composed.get(key.app)?.composeKey(key)
        if (made !== undefined) keys.get(key.app)?.push(made)
      }
    }
    yield [...composed].map(([uid, { app }]) => ({ ...app, keys: keys.get(uid) ?? [] }))
  }
}

interface Since {
  readonly since: number
  readonly terms: CredentialsTerms
}

async function* listChanges(db: Moment, { since, terms }: Since): AsyncGenerator<readonly CredentialsChange[]> {
  const touched = await findTouchedApps(db, since)
  for (const some of inParts([...touched.values()])) {
    const composed = await composeApps(db, some, terms)
    yield [...composed.values()].map(({ app }) => ({ kind: 'put-app', app }))
    // Their plans may be others now, and each key has its own.
    for await (const keys of listLivingKeys(db, [...composed.keys()])) yield toChanges(keys, composed)
  }
  for (let after: KeptKey | undefined; ; ) {
    const keys = await listChangedKeys(db, { since, limit: KEYS_AT_ONCE, ...(after !== undefined && { after }) })
    after = keys.at(-1)
    if (after === undefined) return
    const others = keys.filter(({ app, endedAtMs }) => endedAtMs !== undefined || !touched.has(app))
    const living = others.filter(({ endedAtMs }) => endedAtMs === undefined).map(({ app }) => app)
    const apps = await findResources(db, [...new Set(living)])
    const changes = toChanges(others, await composeApps(db, [...apps.values()], terms))
    if (changes.length > 0) yield changes
  }
}

/** Those that were made or changed, and those with a subscription that was; by uid. */
async function findTouchedApps(db: Moment, since: number): Promise<Map<string, Resource>> {
  const changed = await listChangedResources(db, { kind: 'app', since })
  const touched = new Map(changed.map((app) => [app.uid, app]))
  const rows = await db.selectFrom('subscriptions').select('app').distinct().where('sequence', '>', since).execute()
  const others = rows.map(({ app }) => app).filter((uid) => !touched.has(uid))
  return new Map([...touched, ...(await findResources(db, others))])
}

function toChanges(keys: readonly KeptKey[], composed: ReadonlyMap<string, ComposedApp>): CredentialsChange[] {
  return keys.map((key) => {
    const app = key.endedAtMs === undefined ? composed.get(key.app) : undefined
    return app === undefined ? { kind: 'remove', hash: key.hash } : { kind: 'put', key: app.composeKey(key) }
  })
}

/** By uid, in the order in which they are given. */
async function composeApps(
  db: Moment,
  apps: readonly Resource[],
  terms: CredentialsTerms,
): Promise<Map<string, ComposedApp>> {
  const subscriptions = new Map<string, Subscription[]>(apps.map(({ uid }) => [uid, []]))
  for (const some of inParts([...subscriptions.keys()])) {
    const rows = await db.selectFrom('subscriptions').selectAll().where('app', 'in', some).execute()
    for (const row of rows) subscriptions.get(row.app)?.push(toSubscription(row))
  }
  return new Map(
    apps.map(({ uid, team, id, body }) => {
      const { title, enabled } = body as AppBody
      const known = { uid, team, id, ...(title !== undefined && { title }), isEnabled: enabled !== false }
      return [uid, composeApp(known, subscriptions.get(uid) ?? [], terms)]
    }),
  )
}

/** Of not more apps than a question takes: those that have not ended, by app. One app may have most of them. */
async function* listLivingKeys(db: Moment, apps: readonly string[]): AsyncGenerator<readonly KeptKey[]> {
  for (let remaining = apps; remaining.length > 0; ) {
    const living = db.selectFrom('keys').selectAll().where('ended_at', 'is', null).limit(KEYS_AT_ONCE)
    const keys = (await living.where('app', 'in', remaining).orderBy('app').orderBy('uid').execute()).map(toKey)
    if (keys.length > 0) yield keys
    let last = keys.length < KEYS_AT_ONCE ? undefined : keys.at(-1)
    if (last === undefined) return
    const seen = new Set(keys.map(({ app }) => app))
    // The last one may have more; the others of the page are whole.
    for (let rest = keys; rest.length === KEYS_AT_ONCE && last !== undefined; last = rest.at(-1)) {
      const query = living.where('app', '=', last.app).where('uid', '>', last.uid)
      rest = (await query.orderBy('uid').execute()).map(toKey)
      if (rest.length > 0) yield rest
    }
    remaining = remaining.filter((app) => !seen.has(app))
  }
}
