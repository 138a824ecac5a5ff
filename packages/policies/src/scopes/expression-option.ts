/** Owns options that hold expressions: their schemas, which check what is written, and how they become values. */
import {
  checkExpression,
  compileCondition as compileCelCondition,
  compileValue,
  type Vocabulary,
} from '@gatewright/expressions'
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { Problem } from '../problem.ts'
import { CEL_VOCABULARIES, toCelScope } from './cel-scope.ts'

const { request: ON_REQUEST, response: ON_RESPONSE } = CEL_VOCABULARIES

/** JSON Schema 2020-12, Validation §8.4: what is written is a program, and `validate` lets nothing be put into it. */
const CEL_SOURCE = { contentMediaType: 'text/x-cel' }

/** CEL, bare: for keys, where literal text would make no sense. */
export const celSchema = toCelSchema(ON_REQUEST)

/** CEL that is true or false. */
export const conditionSchema = z
  .string()
  .superRefine((source, context) => report(checkExpression(source, 'condition', ON_REQUEST), context))
  .meta(CEL_SOURCE)

/** A literal with `${ CEL }` parts, or `{ cel }` for a value that is one expression. */
export const expressionSchema = toExpressionSchema(ON_REQUEST)

/** The same for values that are computed on the way back: they may read `response` and `error`. */
export const answerExpressionSchema = toExpressionSchema(ON_RESPONSE)

export type ExpressionOption = z.output<typeof expressionSchema>

function toCelSchema(vocabulary: Vocabulary) {
  return z
    .string()
    .superRefine((source, context) => report(checkExpression(source, 'cel', vocabulary), context))
    .meta(CEL_SOURCE)
}

function toExpressionSchema(vocabulary: Vocabulary) {
  return z.union([
    z.string().superRefine((source, context) => report(checkExpression(source, 'template', vocabulary), context)),
    z.strictObject({
      cel: toCelSchema(vocabulary).meta({
        description: 'One CEL expression; its value, written as text, is the value.',
      }),
    }),
  ])
}

/** What is wrong with an option where there is no answer yet; undefined if nothing is. */
export function findRequestSideFault(expression: ExpressionOption): string | undefined {
  return typeof expression === 'string'
    ? checkExpression(expression, 'template', ON_REQUEST)
    : checkExpression(expression.cel, 'cel', ON_REQUEST)
}

function report(fault: string | undefined, context: z.RefinementCtx<string>): void {
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
}

type Variables = Readonly<Record<string, string>>

/** The value of bare CEL. What it returns throws `ExpressionError` for a missing field and whatever else fails. */
export function compileCel(source: string, variables: Variables): (exchange: Exchange) => unknown {
  const evaluate = compileValue({ cel: source }, ON_REQUEST)
  return (exchange) => evaluate(toCelScope(exchange, { variables }))
}

/** What it returns throws Problem `expression-failed` for what fails, and for what is neither true nor false. */
export function compileCondition(source: string, variables: Variables): (exchange: Exchange) => boolean {
  const holds = compileCelCondition(source, ON_REQUEST)
  return (exchange) => {
    try {
      return holds(toCelScope(exchange, { variables }))
    } catch (cause) {
      throw toExpressionProblem(cause)
    }
  }
}

/** A text for each exchange. */
export interface CompiledText {
  /** @throws Problem `expression-failed`. */
  (exchange: Exchange, response?: GatewayResponse): string
  /** Set: it is this, whatever the exchange. */
  readonly constant: string | undefined
}

export function compileText(expression: ExpressionOption, variables: Variables): CompiledText {
  const evaluate = compileValue(expression, ON_RESPONSE)
  const { constant } = evaluate
  if (constant !== undefined) return Object.assign(() => constant, { constant })
  function text(exchange: Exchange, response?: GatewayResponse): string {
    try {
      return toText(evaluate(toCelScope(exchange, { variables, response })))
    } catch (cause) {
      throw toExpressionProblem(cause)
    }
  }
  return Object.assign(text, { constant: undefined })
}

/** A value for each exchange that JSON can say: texts of templates, whatever it is of `{ cel }`. Bytes come in base64url. @throws Problem `expression-failed`. */
export function compileJsonValue(expression: ExpressionOption, variables: Variables): (exchange: Exchange) => unknown {
  const evaluate = compileValue(expression, ON_REQUEST)
  const { constant } = evaluate
  if (constant !== undefined) return () => constant
  return (exchange) => {
    try {
      return withoutBytes(evaluate(toCelScope(exchange, { variables })))
    } catch (cause) {
      throw toExpressionProblem(cause)
    }
  }
}

function withoutBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  if (Array.isArray(value)) return value.map(withoutBytes)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutBytes(inner)]))
}

/** What failed is for the record: it may quote the configuration. */
export function toExpressionProblem(cause: unknown): Problem {
  return new Problem('expression-failed', { cause, reason: cause instanceof Error ? cause.message : String(cause) })
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
