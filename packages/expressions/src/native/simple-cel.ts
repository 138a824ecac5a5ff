/**
 * The part of CEL that most conditions and keys are made of, run without the library: faster (about 0.05 µs), and a gateway
 * whose expressions are all of this kind never loads it.
 *
 *     condition := and ('||' and)*
 *     and       := term ('&&' term)*
 *     term      := '(' condition ')' | '!' path | path | path compare literal | path 'in' '[' literal, … ']'
 *                | path '.' ('startsWith' | 'endsWith') '(' text ')'
 *     path      := name ('.' name | '[' text ']')*
 *
 * Everything else, also everything with a fault, is left to `cel.ts`, which explains it. Both give equal results for
 * what both can run (a test compares them on generated expressions).
 */
import { ExpressionError } from '../expression-error.ts'
import { findField, findMembers, findType, type Purpose, type Scope, type Vocabulary } from '../scope.ts'
import { type ExpressionValue, fromScope } from './cel-values.ts'

/** CEL's errors are values: `||` and `&&` ignore one if the other side decides. */
class Failure {
  readonly reason: string
  readonly offset: number
  constructor(reason: string, offset: number) {
    this.reason = reason
    this.offset = offset
  }
}

/** A piece of an expression: what it reads from a scope, or a `Failure`. */
type Node = (scope: Scope) => unknown

interface TypedNode {
  readonly node: Node
  /** As `findType` knows it. */
  readonly type: string | undefined
}

interface Token {
  readonly kind: 'name' | 'text' | 'int' | 'sign' | 'end'
  readonly value: string
  readonly offset: number
}

type Literal = string | number | boolean | null

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_]\w*)|(?<text>'[^'\\\r\n]*'|"[^"\\\r\n]*")|(?<int>-?\d{1,15}(?![\w.]))|(?<sign>&&|\|\||[=!<>]=|[<>!.,()[\]]))/y
/** CEL, langdef.md "Syntax": words that are no names. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
)
const COMPARISONS: Readonly<Record<string, (left: number | bigint | string, right: number | string) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

/** Compiles a source of the simple part of CEL; `undefined` if it is more than that. */
export function compileSimpleCel(
  source: string,
  vocabulary: Vocabulary,
  purpose: Purpose = 'value',
): ((scope: Scope) => ExpressionValue) | undefined {
  const tokens = toTokens(source)
  const node = tokens && new SimpleParser(tokens, { vocabulary, purpose }).parse()
  if (node === undefined) return undefined
  return function evaluate(scope) {
    try {
      const value = node(scope)
      if (value instanceof Failure) throw new ExpressionError(value.reason, source, value.offset)
      return fromScope(value)
    } catch (error) {
      if (error instanceof ExpressionError) throw error
      throw new ExpressionError(error instanceof Error ? error.message : String(error), source)
    }
  }
}

function toTokens(source: string): Token[] | undefined {
  const tokens: Token[] = []
  const text = source.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text)
    if (match === null) return undefined
    const [kind, value] = Object.entries(match.groups ?? {}).find(([, piece]) => piece !== undefined) ?? ['end', '']
    tokens.push({ kind: kind as Token['kind'], value, offset: TOKEN.lastIndex - value.length })
  }
  return tokens
}

/** Leaves the simple part of CEL. */
const NOT_SIMPLE = Symbol('not simple')
const END: Token = { kind: 'end', value: '', offset: 0 }

class SimpleParser {
  readonly #tokens: readonly Token[]
  readonly #vocabulary: Vocabulary
  readonly #purpose: Purpose
  #at = 0

  constructor(tokens: readonly Token[], { vocabulary, purpose }: { vocabulary: Vocabulary; purpose: Purpose }) {
    this.#tokens = tokens
    this.#vocabulary = vocabulary
    this.#purpose = purpose
  }

  parse(): Node | undefined {
    try {
      const node = this.#decision('||', () => this.#decision('&&', () => this.#term()))
      return this.#next().kind === 'end' ? node : undefined
    } catch (error) {
      // A stack that overflows on brackets is left to the checks of the full language too.
      if (error === NOT_SIMPLE || error instanceof RangeError) return undefined
      throw error
    }
  }

  #decision(sign: '||' | '&&', operand: () => Node): Node {
    let node = operand()
    while (this.#takes(sign)) node = decide(node, operand(), sign === '||')
    return node
  }

  #term(): Node {
    if (this.#takes('(')) {
      const node = this.#decision('||', () => this.#decision('&&', () => this.#term()))
      this.#require(')')
      return this.#endOfTerm(node)
    }
    if (this.#takes('!')) return this.#endOfTerm(negate(this.#toSide(this.#path())))
    const asked = this.#path()
    const path = asked.node
    const sign = this.#peek()
    if (sign.value === 'in' && sign.kind === 'name') {
      this.#next()
      return this.#endOfTerm(isOneOf(path, this.#literals()))
    }
    if (this.#takes('==')) return this.#endOfTerm(compareEqual(path, this.#literal(), true))
    if (this.#takes('!=')) return this.#endOfTerm(compareEqual(path, this.#literal(), false))
    if (sign.kind !== 'sign' || !Object.hasOwn(COMPARISONS, sign.value)) return this.#toSide(asked)
    this.#next()
    const literal = this.#literal()
    if (typeof literal !== 'string' && typeof literal !== 'number') throw NOT_SIMPLE
    return this.#endOfTerm(compareOrder(path, sign, literal))
  }

  /** What a condition needs to be true or false, and never is, is a fault. */
  #toSide({ node, type }: TypedNode): Node {
    if (this.#purpose === 'condition' && type !== undefined && type !== 'bool') throw NOT_SIMPLE
    return node
  }

  /** `a.b == c == d` and `!a == b` mean more than this grammar says. */
  #endOfTerm(node: Node): Node {
    const { kind, value } = this.#peek()
    if (kind === 'end' || value === '&&' || value === '||' || value === ')') return node
    throw NOT_SIMPLE
  }

  #path(): TypedNode {
    const root = this.#name()
    if (!this.#vocabulary.names.includes(root.value)) throw NOT_SIMPLE
    let members = findMembers(this.#vocabulary, root.value)
    let node = readName(root)
    const names = [root.value]
    const checkMember = (name: string): void => {
      if (members?.includes(name) === false) throw NOT_SIMPLE
      members = undefined
      names.push(name)
    }
    for (;;) {
      if (this.#takes('[')) {
        const key = this.#text()
        checkMember(key)
        node = readField(node, key, this.#peek().offset)
        this.#require(']')
      } else if (this.#takes('.')) {
        const name = this.#name()
        if (!this.#takes('(')) {
          checkMember(name.value)
          node = readField(node, name.value, name.offset)
          continue
        }
        node = testEnds(node, name, this.#text())
        this.#require(')')
        return { node: this.#endOfTerm(node), type: 'bool' }
      } else return { node, type: findType(this.#vocabulary, names) }
    }
  }

  #literals(): Literal[] {
    this.#require('[')
    const literals = [this.#literal()]
    while (this.#takes(',')) literals.push(this.#literal())
    this.#require(']')
    return literals
  }

  #literal(): Literal {
    const { kind, value } = this.#peek()
    if (kind === 'text') return this.#text()
    this.#next()
    if (kind === 'int') return Number(value)
    if (kind === 'name' && value === 'null') return null
    if (kind === 'name' && (value === 'true' || value === 'false')) return value === 'true'
    throw NOT_SIMPLE
  }

  #name(): Token {
    const token = this.#next()
    if (token.kind !== 'name' || RESERVED.has(token.value)) throw NOT_SIMPLE
    return token
  }

  #text(): string {
    const { kind, value } = this.#next()
    if (kind !== 'text') throw NOT_SIMPLE
    return value.slice(1, -1)
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END
  }

  #next(): Token {
    return this.#tokens[this.#at++] ?? END
  }

  #takes(sign: string): boolean {
    const { kind, value } = this.#peek()
    if (kind !== 'sign' || value !== sign) return false
    this.#at++
    return true
  }

  #require(sign: string): void {
    if (!this.#takes(sign)) throw NOT_SIMPLE
  }
}

function readName({ value: name, offset }: Token): Node {
  return function read(scope) {
    const value = (scope as Record<string, unknown>)[name]
    return value === undefined ? new Failure(`there is no "${name}" now`, offset) : value
  }
}

function readField(record: Node, name: string, offset: number): Node {
  return function read(scope) {
    const from = record(scope)
    if (from instanceof Failure) return from
    const value = findField(from, name)
    return value === undefined ? new Failure(`field not found: ${name}`, offset) : value
  }
}

function compareEqual(path: Node, literal: Literal, wanted: boolean): Node {
  return (scope) => {
    const value = path(scope)
    return value instanceof Failure ? value : equals(value, literal) === wanted
  }
}

function compareOrder(path: Node, { value: sign, offset }: Token, literal: string | number): Node {
  const holds = COMPARISONS[sign]
  return (scope) => {
    const value = path(scope)
    if (value instanceof Failure) return value
    const text = typeof value === 'string' && typeof literal === 'string'
    const number = (typeof value === 'number' || typeof value === 'bigint') && typeof literal === 'number'
    if (holds !== undefined && (text || number)) return holds(value, literal)
    return new Failure(`"${sign}" compares two texts or two numbers`, offset)
  }
}

/** CEL, langdef.md "Equality": numbers are equal across types, other types are never equal to each other. */
function equals(value: unknown, literal: Literal): boolean {
  return typeof value === 'bigint' && typeof literal === 'number' ? value === BigInt(literal) : value === literal
}

function isOneOf(path: Node, literals: readonly Literal[]): Node {
  return (scope) => {
    const value = path(scope)
    return value instanceof Failure ? value : literals.some((literal) => equals(value, literal))
  }
}

function testEnds(path: Node, { value: name, offset }: Token, affix: string): Node {
  if (name !== 'startsWith' && name !== 'endsWith') throw NOT_SIMPLE
  return (scope) => {
    const value = path(scope)
    if (value instanceof Failure) return value
    return typeof value === 'string' ? value[name](affix) : new Failure(`${name}() is called on a text`, offset)
  }
}

function negate(path: Node): Node {
  return (scope) => {
    const value = path(scope)
    if (value instanceof Failure) return value
    return typeof value === 'boolean' ? !value : new Failure('"!" needs true or false', 0)
  }
}

/** CEL, langdef.md "Logical Operators": the deciding side decides, whatever the other is; else an error is an error. */
function decide(left: Node, right: Node, deciding: boolean): Node {
  return (scope) => {
    const first = left(scope)
    if (first === deciding) return deciding
    const second = right(scope)
    if (second === deciding) return deciding
    for (const side of [first, second]) {
      if (side instanceof Failure) return side
      if (typeof side !== 'boolean')
        return new Failure(`"${deciding ? '||' : '&&'}" needs true or false on both sides`, 0)
    }
    return !deciding
  }
}
