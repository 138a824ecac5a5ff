/**
 * Owns what a route of the admin API is: data. What it takes and answers, who may, and what it does, from which come the serving, the
 * OpenAPI document, the client, the audit log, dry runs and repeats, so that none of them is said twice or forgotten.
 */
import type { Finding } from '@gatewright/model'
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import type { Demand, Principal, TeamPart } from '../access/decide-access.ts'
import type { Permission } from '../access/permission.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import type { AskedChange } from '../changes/asked-input.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { AdminProblem } from './admin-problem.ts'
import type { Services } from './services.ts'

/** Below which all of them stand. */
export const API_PREFIX = '/api/v1'

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** Who may. `anybody` does not have to say who they are; `known` does. `own` is one's own account: for people, and for no token that has less than they have. */
export type RouteAccess<Params = never> =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'known' }
  | { readonly kind: 'own' }
  /** In at least one team; what is answered is only of those teams. */
  | { readonly kind: 'some-team'; readonly permission: Permission }
  | { readonly kind: 'demand'; toDemand(params: Params): Demand }

/** What a request brought, parsed. */
export interface Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>
  readonly query: z.output<Q>
  readonly body: z.output<B>
  /** `If-Match`: the version that the change was made of. */
  readonly ifMatch: number | undefined
  /** `If-None-Match: *`: only where there is none yet. */
  readonly ifNone: boolean
  /** The body as it was written, where that is YAML. */
  readonly source: string | undefined
  /** What is answered is wanted as people write it. */
  readonly wantsYaml: boolean
}

/** Who asks, and from where. */
export interface Asking {
  readonly services: Services
  /** Nobody where anybody may ask and nobody said who they are. */
  readonly principal: Principal | undefined
  /** Where `access` is `some-team`: whose things may be shown. */
  readonly teams: readonly string[] | 'all'
  /** …and of which more teams something may be: single APIs, and what is done in single environments. */
  readonly parts: readonly TeamPart[]
  readonly address: string
  readonly agent: string
  /** Of the session's cookie, where there is one. */
  readonly sessionSecret: string | undefined
  /** Does in this change what was asked before, and waited. @rejects AdminProblem where more comes of it by now than was approved */
  redo(doing: Doing, asked: { readonly wish: AskedChange; readonly askedBy: Actor }): Promise<Done<unknown>>
}

export interface Answer<A> {
  readonly body: A
  /** If absent, the route's. */
  readonly status?: number
  /** The version that the `ETag` says. */
  readonly version?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** As people write it, in the place of the body: where that is wanted. */
  readonly text?: string
}

/** What a change did. Each has notes for the audit log, or says that it has none because nothing was done. */
export interface Done<A> extends Answer<A> {
  readonly notes: readonly AuditNote[]
  /** The version that it was made of; 0: there was none. What waits is done to just that. */
  readonly base?: number
  /** Lines that say what became of what: a dry run shows them. */
  readonly changes?: readonly string[]
  /** What the answer waits for, once the change is on disk: its answer stands in for `body`. Not called in a dry run. */
  afterwards?(): Promise<A>
}

/** What a change kept although the answer is a refusal: a challenge that was answered wrongly stays used up. What is thrown is undone. */
export interface Refused {
  readonly problem: AdminProblem
  readonly notes: readonly AuditNote[]
}

/** How something is sent that people write: in YAML, with their comments. */
export interface Writing {
  /** What the text says. */
  readonly schema: z.ZodType
  /** The body that it is. @throws AdminProblem */
  toBody(text: string): unknown
}

interface RouteParts<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  /** `publishApi`: unique, and the name of the client's function. */
  readonly name: string
  readonly method: Method
  /** Below `API_PREFIX`, as OpenAPI writes it: `/apis/{team}/{id}`. */
  readonly path: string
  readonly summary: string
  /** Groups routes in the documentation. */
  readonly tag: string
  /** It may ask for less than what `params` says: the same demand is made by all routes below a place. */
  readonly access: RouteAccess<NoInfer<z.output<P>>>
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly answer: A
  /** What it answers is a list, and is sent as a line of JSON for each of its members. */
  readonly isLines?: boolean
  readonly status?: number
  /** A change takes its body so too, a reading answers so where that is wanted. */
  readonly written?: Writing
}

export interface ReadingRoute<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
> extends RouteParts<P, Q, z.ZodType, A> {
  readonly kind: 'reading'
  /** Everything in one moment of the store. */
  read(asking: Asking, db: Moment, input: Input<P, Q, z.ZodType>): Promise<Answer<z.input<A>>>
}

export interface ChangingRoute<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
  R = unknown,
> extends RouteParts<P, Q, B, A> {
  readonly kind: 'changing'
  /** The body is taken as it was written, and only checked: what has a default may be absent, and stays so. */
  readonly isAsWritten?: boolean
  /**
   * Who looks that no protected environment runs something else by it, before others have approved that. If absent, whoever serves routes:
   * what is refused then waits. `itself`: the route, which knows what it deploys.
   */
  readonly watches?: 'itself'
  /** What is wrong with a body, where more can be said of it than its schema says. Paths are those of the body. */
  findFaults?(body: unknown, query: z.output<Q>): readonly Finding[]
  /** What it is sent is secret, and is sealed where it has to be kept. */
  readonly isBodySecret?: boolean
  /** What it answers is shown once: a repeat is told so, and does not get it again. */
  readonly isSecret?: boolean
  /** Before the change, which holds up all others: what takes long, such as hashing a password. Not for repeats alone: they come by here too. */
  prepare?(asking: Asking, input: Input<P, Q, B>): Promise<R>
  /** In one change of the store: with it all of it, the audit log's notes too, or nothing. `prepared`: what `prepare` gave. */
  change(
    asking: Asking,
    doing: Doing,
    input: Input<P, Q, B> & { readonly prepared: R },
  ): Promise<Done<z.input<A>> | Refused>
}

export type Route = ReadingRoute | ChangingRoute

/** What a definition does not say, its route does not take, and does not answer with. */
const UNSAID = { params: z.strictObject({}), query: z.strictObject({}), body: z.undefined(), answer: z.undefined() }

type Defined<Whole extends Route, Known extends keyof Whole> = Omit<Whole, Known | keyof typeof UNSAID> &
  Partial<Pick<Whole, Exclude<keyof typeof UNSAID, Known>>>

/** Returns what it got, with the types of its schemas forgotten. */
export function defineReading<
  P extends z.ZodType = typeof UNSAID.params,
  Q extends z.ZodType = typeof UNSAID.query,
  A extends z.ZodType = typeof UNSAID.answer,
>(parts: Defined<ReadingRoute<P, Q, A>, 'kind' | 'method' | 'body'>): Route {
  return { ...UNSAID, ...parts, kind: 'reading', method: 'GET' } as unknown as Route
}

/** Returns what it got, with the types of its schemas forgotten. */
export function defineChange<
  P extends z.ZodType = typeof UNSAID.params,
  Q extends z.ZodType = typeof UNSAID.query,
  B extends z.ZodType = typeof UNSAID.body,
  A extends z.ZodType = typeof UNSAID.answer,
  R = undefined,
>(parts: Defined<ChangingRoute<P, Q, B, A, R>, 'kind'>): Route {
  return { ...UNSAID, ...parts, kind: 'changing' } as unknown as Route
}

/** Of an answer in lines. */
export const LINES_TYPE = 'application/x-ndjson'
