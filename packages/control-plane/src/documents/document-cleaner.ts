/** Owns taking away documents that nothing names any more, a good while after the last did: a draft that says another one, or is gone. */
import type { Log } from '@gatewright/policies'
import { appendToAudit } from '../audit/audit-log.ts'
import { toTime } from '../http/time.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { inParts } from '../store/in-parts.ts'
import { readSequence } from '../store/next-sequence.ts'
import type { Change, Moment, Store } from '../store/store.ts'

/** So long somebody may put back what was there, or name what was kept. */
const GRACE_MS = 30 * 24 * 3_600_000
const LOOK_EACH_MS = 6 * 3_600_000
/** Bodies come to some 10 KB: others read meanwhile. */
const PAGE = 100
/** Each change holds up all others: the rest goes next time. */
const MOST_AT_ONCE = 500

/** As every body has it, wherever it stands there: what is taken for a name and is none keeps a document, and no more. */
const NAME = /"document":"([0-9a-f]{64})"/g
const HAVING = '%"document":"%'

interface CleanerOptions {
  readonly store: Store
  readonly log: Log
  /** Milliseconds since the epoch. */
  nowMs(): number
}

/** What was found, and has to be kept. */
interface Found {
  /** Of the store: what was said since was not looked at. */
  readonly sequence: number
  /** Named, but not when somebody looked before. */
  readonly named: readonly string[]
  readonly unnamed: readonly string[]
  /** Unnamed for long enough. */
  readonly over: readonly string[]
}

export class DocumentCleaner {
  readonly #options: CleanerOptions
  /** Revisions are never changed: what one names is named for ever, and those up to this change need not be read again. */
  readonly #revised = new Set<string>()
  #revisedUpTo = 0
  readonly #timer: NodeJS.Timeout
  #work: Promise<void> = Promise.resolve()

  constructor(options: CleanerOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#begin(), LOOK_EACH_MS).unref()
  }

  /** Nobody waits for what is read meanwhile; then it is one change, which looks at what came since. @rejects StoreFault */
  async look(): Promise<void> {
    const { store, nowMs } = this.#options
    const found = await this.#find(nowMs())
    if (found.named.length + found.unnamed.length + found.over.length === 0) return
    await store.write((change) => settle(change, found, nowMs()))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#work
  }

  async #begin(): Promise<void> {
    this.#work = this.#work
      .then(() => this.look())
      .catch((fault) => this.#options.log.error('documents cannot be cleaned up', { error: String(fault) }))
    await this.#work
  }

  async #find(nowMs: number): Promise<Found> {
    const { store } = this.#options
    const { sequence, kept } = await store.read(async (db) => ({
      sequence: await readSequence(db),
      kept: await db.selectFrom('documents').select(['hash', 'unnamed_at']).execute(),
    }))
    for await (const hash of this.#listRevised()) this.#revised.add(hash)
    this.#revisedUpTo = sequence
    const drafted = new Set<string>()
    for await (const hash of this.#listDrafted()) drafted.add(hash)
    const isNamed = (hash: string) => this.#revised.has(hash) || drafted.has(hash)
    const toHashes = (wanted: (hash: string, unnamedAt: number | null) => boolean) =>
      kept
        .filter((row) => wanted(row.hash, row.unnamed_at))
        .map(({ hash }) => hash)
        .slice(0, MOST_AT_ONCE)
    return {
      sequence,
      named: toHashes((hash, at) => at !== null && isNamed(hash)),
      unnamed: toHashes((hash, at) => at === null && !isNamed(hash)),
      over: toHashes((hash, at) => at !== null && at <= nowMs - GRACE_MS && !isNamed(hash)),
    }
  }

  async *#listRevised(): AsyncGenerator<string> {
    let last = { api: '', number: 0 }
    for (;;) {
      const rows = await this.#options.store.read((db) =>
        selectRevised(db, this.#revisedUpTo)
          .where(({ or, and, eb }) =>
            or([eb('api', '>', last.api), and([eb('api', '=', last.api), eb('number', '>', last.number)])]),
          )
          .orderBy('api')
          .orderBy('number')
          .limit(PAGE)
          .execute(),
      )
      for (const { body } of rows) yield* listNames(body)
      const end = rows.at(-1)
      if (end === undefined) return
      last = end
    }
  }

  async *#listDrafted(): AsyncGenerator<string> {
    let last = ''
    for (;;) {
      const rows = await this.#options.store.read((db) =>
        selectDrafted(db, 0).where('uid', '>', last).orderBy('uid').limit(PAGE).execute(),
      )
      for (const { body } of rows) yield* listNames(body)
      const end = rows.at(-1)
      if (end === undefined) return
      last = end.uid
    }
  }
}

function selectRevised(db: Moment, since: number) {
  const found = db.selectFrom('revisions').select(['api', 'number', 'body'])
  return found.where('sequence', '>', since).where('body', 'like', HAVING)
}

function selectDrafted(db: Moment, since: number) {
  const found = db.selectFrom('resources').select(['uid', 'body']).where('kind', '=', 'api')
  return found.where('sequence', '>', since).where('body', 'like', HAVING)
}

function* listNames(body: string): Generator<string> {
  for (const [, hash = ''] of body.matchAll(NAME)) yield hash
}

async function settle({ db, sequence: number }: Change, found: Found, nowMs: number): Promise<void> {
  const said = [
    ...(await selectRevised(db, found.sequence).execute()),
    ...(await selectDrafted(db, found.sequence).execute()),
  ]
  const since = new Set(said.flatMap(({ body }) => [...listNames(body)]))
  const isStill = (hash: string) => !since.has(hash)
  for (const hashes of inParts(found.named))
    await db.updateTable('documents').set({ unnamed_at: null }).where('hash', 'in', hashes).execute()
  for (const hashes of inParts(found.unnamed.filter(isStill)))
    await db.updateTable('documents').set({ unnamed_at: nowMs }).where('hash', 'in', hashes).execute()
  const doing = { db, sequence: number, by: 'system', nowMs }
  for (const hash of found.over.filter(isStill)) {
    // Whoever keeps one again begins anew: then it is not over any more.
    const gone = await db
      .deleteFrom('documents')
      .where('hash', '=', hash)
      .where('unnamed_at', '<=', nowMs - GRACE_MS)
      .returning('unnamed_at')
      .executeTakeFirst()
    if (gone === undefined) continue
    const details = { unnamedSince: toTime(Number(gone.unnamed_at)) }
    await appendToAudit(doing, { action: 'remove', kind: 'document', target: hash, team: NO_TEAM, details })
  }
}
