/** Owns the shape of the wire tables' rows: raw bytes and what must come of them. Texts are latin1: one character is one octet. */
import type { ProblemCode } from '@gatewright/model'

/** A request that is refused: the answer, then the connection is closed. */
export interface RequestRefusal {
  readonly name: string
  /** RFC 9112 unless it says otherwise. */
  readonly section?: string
  readonly send: string
  /** The status of the refusal. */
  readonly expect: number
  /** Where it is not the status's usual one (`USUAL_CODES`). */
  readonly code?: ProblemCode
  /** Answers that come before the refusal, because good requests stand before the bad one. */
  readonly after?: readonly number[]
  /** What is left of the message is known and short, so it may be skipped instead of closing. */
  readonly mayStay?: boolean
}

/** What the upstream must see of a request that is accepted. */
export interface Seen {
  readonly method: string
  readonly target: string
  /** Fields by lower-case name; null: must be absent; several fields of one name are joined by `, `. */
  readonly fields?: Readonly<Record<string, string | null>>
  readonly body?: string
}

export interface AcceptedRequest {
  readonly name: string
  readonly send: string
  /** One for every request in `send`, in order. Empty: the gateway answers itself. */
  readonly sees: readonly Seen[]
  /** Statuses of the answers; 200 for each of `sees` unless it says otherwise. */
  readonly answers?: readonly number[]
  /** Does the connection stay open afterwards? */
  readonly stays: boolean
  /** node:http does not know this method, or is stricter here, and says no: why. */
  readonly nodeRefuses?: string
}

/**
 * What the client gets. `aborted`: the head may have left already, so it is a 502 if nothing has, else a message that
 * is visibly incomplete: never a silently short body.
 */
export type AnswerOutcome = 502 | 'aborted'

export interface AnswerRefusal {
  readonly name: string
  readonly section?: string
  /** What the upstream sends once it has the request. */
  readonly send: string
  /** What it does then: half-closes, waits, or resets. */
  readonly afterwards: 'close' | 'wait' | 'reset'
  readonly method?: 'GET' | 'HEAD'
  readonly expect: AnswerOutcome
  /** Of a 502; `upstream-malformed` unless it says otherwise. */
  readonly code?: ProblemCode
}

export interface AcceptedAnswer {
  readonly name: string
  readonly send: string
  readonly afterwards: 'close' | 'wait'
  readonly method?: 'GET' | 'HEAD'
  readonly status: number
  readonly body: string
  /** Answer fields by lower-case name; null: absent. */
  readonly fields?: Readonly<Record<string, string | null>>
  /** Must the upstream connection be used for no other request? */
  readonly spoils?: boolean
}

/** One chunked body: what it decodes to, or that it is malformed. */
export interface ChunkedCase {
  readonly name: string
  readonly section?: string
  readonly body: string
  readonly expect: { readonly data: string; readonly trailers?: readonly (readonly [string, string])[] } | 'malformed'
}

/** One request target: what is forwarded, or the code of the refusal. */
export interface PathCase {
  readonly name: string
  readonly target: string
  readonly expect: { readonly forwarded: string; readonly route: string } | 'malformed-request' | 'ambiguous-path'
}

/** The problem code that a refusal's status stands for. */
export const USUAL_CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed-request',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'body-too-large',
  414: 'request-line-too-long',
  417: 'expectation-failed',
  431: 'header-too-large',
  501: 'transfer-coding-not-supported',
  502: 'upstream-malformed',
  505: 'version-not-supported',
}

/** The limits that the tables are written for. */
export const TABLE_LIMITS = {
  requestLineBytes: 8192,
  headerBytes: 65_536,
  headerFields: 256,
  bodyBytes: 1_048_576,
} as const
