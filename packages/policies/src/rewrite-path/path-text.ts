/** Owns paths with holes: `/orders/{id}/${caller.app}`. What fills a hole cannot become more than it is meant to be. */
import { compileValue, ExpressionSyntaxError, parseTemplate } from '@gatewright/expressions'
import type { Exchange } from '../exchange.ts'
import { CEL_VOCABULARIES } from '../scopes/cel-scope.ts'
import { compileText, toExpressionProblem } from '../scopes/expression-option.ts'
import { findLiteralPathFault } from './path-fault.ts'

/** What `{name}` stands for: the route's values, or those of a pattern. Percent-encoded already. */
type Values = Readonly<Record<string, string>>

export type PathText = (exchange: Exchange, values: Values) => string

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_-]*)\+?\}/

/** Why a path text cannot be compiled, or undefined. */
export function findPathTextFault(source: string): string | undefined {
  try {
    let sample = ''
    for (const part of parseTemplate(source)) {
      if (typeof part === 'string') sample += part.replaceAll(new RegExp(PLACEHOLDER, 'g'), 'x')
      else sample += 'x'
      if (typeof part !== 'string') compileValue({ cel: part.source }, CEL_VOCABULARIES.request)
    }
    if (/[{}]/.test(sample)) return 'it holds a brace that is no {name}; write %7B or %7D for a brace'
    return findLiteralPathFault(sample)
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error.message
    throw error
  }
}

/** Values of `{name}` go in as they are; values of `${…}` are one piece of one segment, so their slashes are encoded too. */
export function compilePathText(source: string, variables: Values): PathText {
  const pieces = parseTemplate(source).flatMap((part): PathText[] => {
    if (typeof part === 'string') return compileLiteral(part)
    const text = compileText({ cel: part.source }, variables)
    return [(exchange) => encodeSegment(text(exchange))]
  })
  return function pathText(exchange, values) {
    let path = ''
    for (const piece of pieces) path += piece(exchange, values)
    return path
  }
}

function compileLiteral(literal: string): PathText[] {
  // Every second piece is a name.
  return literal.split(PLACEHOLDER).map((piece, index) => {
    if (index % 2 === 0) return () => piece
    return (_, values) => {
      const value = Object.hasOwn(values, piece) ? values[piece] : undefined
      if (value === undefined) throw toExpressionProblem(new ReferenceError(`nothing here is called {${piece}}`))
      return value
    }
  })
}

// RFC 3986 §3.3: pchar holds sub-delims, ":" and "@" raw; `encodeURIComponent` escapes some of them, which means the same.
function encodeSegment(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch (cause) {
    throw toExpressionProblem(cause)
  }
}
