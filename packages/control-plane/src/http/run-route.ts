/** Owns what happens between a parsed request and its answer: who asks, may they, one moment of the store, the audit log, repeats, dry runs. */
import type { FastifyRequest } from 'fastify'
import { NOBODY } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { appendToAudit } from '../audit/audit-log.ts'
import type { Touched, Watched } from '../environments/watch-protected.ts'
import { ResourceFault } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Moment } from '../store/store.ts'
import { AdminProblem } from './admin-problem.ts'
import { assertAdmitted } from './assert-allowed.ts'
import { listFingerprints } from './fingerprints.ts'
import { findRepeat, keepAnswer } from './idempotency.ts'
import { isOfOtherSite, isOwnPage } from './identity.ts'
import { keepAsked, listApproving, MustWait, redo, toWaitingLines } from './keep-asked.ts'
import { readCredentials } from './read-credentials.ts'
import { type Asked, type AskedPlace, readPlace, readRequest } from './read-request.ts'
import type { Answer, Asking, ChangingRoute, Done, ReadingRoute, Refused, Route } from './route.ts'
import type { Credentials, Services } from './services.ts'
import { suggestId } from './suggest-id.ts'

export class RouteRunner {
  readonly #services: Services
  /** What waited is done by them. */
  readonly #routes: readonly ChangingRoute[]

  constructor(services: Services, routes: readonly Route[]) {
    this.#services = services
    this.#routes = routes.filter((route) => route.kind === 'changing')
  }

  /** Before anything else is read of the request. @rejects AdminProblem */
  async assertKnown(route: Route, request: FastifyRequest): Promise<void> {
    if (route.access.kind === 'anybody') return
    const { store, identify } = this.#services
    const principal = await store.read((db) => identify(db, readCredentials(request)))
    if (principal === undefined) throw notSignedIn()
  }

  /** @rejects AdminProblem, and faults of the domain */
  async run(route: Route, request: FastifyRequest): Promise<Answer<unknown>> {
    const place = readPlace(route, request)
    try {
      return route.kind === 'reading' ? await this.#read(route, place) : await this.#change(route, place)
    } catch (fault) {
      if (!(fault instanceof ResourceFault)) throw fault
      const { store, identify } = this.#services
      throw await store.read(async (db) => suggestId(db, await identify(db, readCredentials(request)), fault))
    }
  }

  async #read(route: ReadingRoute, place: AskedPlace): Promise<Answer<unknown>> {
    return await this.#services.store.read(async (db) => {
      const asking = await this.#admit(db, route, place)
      return await route.read(asking, db, readRequest(route, place).input)
    })
  }

  async #change(route: ChangingRoute, place: AskedPlace): Promise<Answer<unknown>> {
    const { store } = this.#services
    // Who may not does not get to hold up others: changes are made one at a time.
    const first = await store.read((db) => this.#admit(db, route, place))
    const asked = readRequest(route, place)
    const prepared = await route.prepare?.(first, asked.input)
    let done: Done<unknown> | undefined
    try {
      const kept = await store.write(async (change) => {
        const asking = await this.#admit(change.db, route, asked)
        const doing = this.#toDoing(change, asking)
        // Of those whom nobody knows, none gets or takes the answer of another, and none leaves something for a day.
        const repeatable = this.#toRepeatable(asked)
        const isRepeatable = asking.principal !== undefined && !asked.isDryRun
        const repeat = isRepeatable ? await findRepeat(doing, repeatable) : undefined
        if (repeat !== undefined) return repeat
        const made = await this.#carryOut(route, { asking, doing, asked, prepared })
        await this.#note(doing, asking, made)
        if ('problem' in made) return made.problem
        done = made
        if (isRepeatable) await keepAnswer(doing, repeatable, toKept(route, done))
        return done
      })
      if (kept instanceof AdminProblem) throw kept
      return await finish(kept, done)
    } catch (fault) {
      if (fault instanceof DryRun) return { status: 200, body: toDryRunBody(route, fault.done) }
      if (fault instanceof MustWait) return await this.#keepAsked(route, asked, fault)
      throw fault
    }
  }

  async #carryOut(
    route: ChangingRoute,
    { asking, doing, asked, prepared }: CarryingOut,
  ): Promise<Done<unknown> | Refused> {
    const isWatched = route.watches !== 'itself' && !ABOUT_ONESELF.has(route.access.kind)
    const watched: Watched = isWatched ? await this.#services.liveCheck.watch(doing.db) : new Map()
    const made = await route.change(asking, doing, { ...asked.input, prepared } as never)
    if ('problem' in made) {
      if (asked.isDryRun) throw made.problem
      return made
    }
    const touched = await listApproving(asking, doing, { watched, override: asked.override })
    if (asked.isDryRun) throw new DryRun(touched.length === 0 ? made : toWaiting(made, touched))
    if (touched.length > 0) throw new MustWait(made, touched)
    return made
  }

  /** In a change of its own: of the first, nothing is left. */
  async #keepAsked(route: ChangingRoute, asked: Asked, waiting: MustWait): Promise<Answer<unknown>> {
    return await this.#services.store.write(async (change) => {
      const asking = await this.#admit(change.db, route, asked)
      const doing = this.#toDoing(change, asking)
      const repeatable = this.#toRepeatable(asked)
      const repeat = await findRepeat(doing, repeatable)
      if (repeat !== undefined) return repeat
      const done = await keepAsked(asking, doing, { route, asked, waiting })
      await this.#note(doing, asking, done)
      const { status = 202, body } = done
      await keepAnswer(doing, repeatable, { status, body, isSecret: false, version: undefined })
      return done
    })
  }

  #toRepeatable(asked: Asked) {
    return { idempotencyKey: asked.idempotencyKey, fingerprints: listFingerprints(this.#services, asked) }
  }

  #toDoing(change: Change, { principal }: Asking): Doing {
    return { ...change, by: principal?.actor ?? NOBODY, nowMs: this.#services.nowMs() }
  }

  async #note(
    doing: Doing,
    { principal, address, agent }: Asking,
    { notes }: Pick<Done<unknown>, 'notes'>,
  ): Promise<void> {
    for (const note of notes) {
      const person = principal?.user ?? note.personal?.person
      // What tells of somebody else would stay here when they are erased: they are named by their uid alone.
      const own = note.personal?.person === person ? (note.personal?.facts as object) : {}
      const facts = { name: principal?.name, address, agent, ...own }
      await appendToAudit(doing, { ...note, ...(person !== undefined && { personal: { person, facts } }) })
    }
  }

  /** @rejects AdminProblem */
  async #admit(db: Moment, route: Route, { request, params }: AskedPlace): Promise<Asking> {
    const { access } = route
    const credentials = readCredentials(request)
    const principal = await this.#services.identify(db, credentials)
    const asking: Asking = {
      services: this.#services,
      principal,
      teams: 'all',
      parts: [],
      address: request.ip,
      agent: request.headers['user-agent'] ?? '',
      sessionSecret: credentials.sessionSecret,
      redo: (doing, change) => redo(asking, doing, { routes: this.#routes, change }),
    }
    assertOwnSite(route, request)
    if (access.kind === 'anybody') return asking
    assertOwnPage(route, request, credentials)
    if (principal === undefined) throw notSignedIn()
    if (access.kind === 'own') assertWholePerson(principal)
    if (access.kind === 'known' || access.kind === 'own') return asking
    return await assertAdmitted(asking, db, { access, params })
  }
}

interface CarryingOut {
  readonly asking: Asking
  readonly doing: Doing
  readonly asked: Asked
  readonly prepared: unknown
}

/** What is about oneself, or about coming in, changes nothing that is live. */
const ABOUT_ONESELF: ReadonlySet<string> = new Set(['anybody', 'known', 'own'])

function toWaiting(made: Done<unknown>, touched: readonly Touched[]): Done<unknown> {
  return { ...made, status: 202, changes: [...(made.changes ?? []), ...toWaitingLines(touched)] }
}

/** What is to be undone, with what it came to. */
class DryRun extends Error {
  readonly done: Done<unknown>

  constructor(done: Done<unknown>) {
    super('a dry run is undone')
    this.done = done
  }
}

async function finish(kept: Answer<unknown>, done: Done<unknown> | undefined): Promise<Answer<unknown>> {
  if (done?.afterwards === undefined || kept !== done) return kept
  return { ...done, body: await done.afterwards() }
}

function toKept(route: ChangingRoute, { status, body, version }: Done<unknown>) {
  return {
    status: status ?? route.status ?? (body === undefined ? 204 : 200),
    body: route.isSecret === true ? undefined : body,
    isSecret: route.isSecret === true,
    version,
  }
}

function toDryRunBody(route: ChangingRoute, { status, body, changes = [], version }: Done<unknown>): object {
  const result = route.isSecret === true ? undefined : body
  return { dryRun: true, status: status ?? route.status ?? 200, version, changes, result }
}

/** Scopes say nothing of an account: who found a token of a few of them would have its sessions and tokens. @throws AdminProblem */
function assertWholePerson({ user, scopes }: Principal): void {
  if (user === undefined) {
    throw new AdminProblem('not-allowed', 'This is for people: log in, or bring a personal token.')
  }
  if (scopes === undefined) return
  throw new AdminProblem(
    'not-allowed',
    'A token with scopes does nothing with the account of its person: log in, or bring a personal token without scopes.',
  )
}

/** Not even what anybody may: to log in, or to ask for it, in somebody else's browser. @throws AdminProblem */
function assertOwnSite({ kind }: Route, { headers }: FastifyRequest): void {
  if (kind === 'reading' || !isOfOtherSite(headers)) return
  throw new AdminProblem('forged-request', 'A page of another site asked your browser to do this: use the pages here.')
}

/** @throws AdminProblem */
function assertOwnPage({ kind }: Route, { headers }: FastifyRequest, { sessionSecret }: Credentials): void {
  if (kind === 'reading' || sessionSecret === undefined || isOwnPage(headers, sessionSecret)) return
  throw new AdminProblem(
    'forged-request',
    'A change with the cookie of a session says X-CSRF-Token: what the login answered with, or GET /api/v1/me.',
  )
}

function notSignedIn(): AdminProblem {
  return new AdminProblem('not-signed-in', 'Send a token as "Authorization: Bearer …", or log in.', {
    // RFC 9110 §11.6.1: each 401 says how to do better.
    headers: { 'www-authenticate': 'Bearer realm="gatewright"' },
  })
}
