/** Owns the measuring of functions: where each begins, how long it is, and whether it says why. */
import { parseSync } from '@swc/core'

export interface MeasuredFunction {
  readonly name: string
  /** First line, from 1. */
  readonly line: number
  readonly lines: number
  /** A comment `// long: why` stands on the line above. */
  readonly saysWhy: boolean
}

const FUNCTION_TYPES = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'GetterProperty',
  'SetterProperty',
  'MethodProperty',
])

interface Named {
  readonly value?: string
  readonly id?: { readonly value?: string }
}

interface SyntaxNode {
  readonly type?: string
  readonly span?: { readonly start: number; readonly end: number }
  readonly identifier?: Named
  readonly key?: Named
  readonly id?: Named
}

/** Every function of a TypeScript source that is longer than one line, in the order of the text. */
export function measureFunctions(source: string): MeasuredFunction[] {
  const lines = source.split('\n')
  const lineOf = indexLines(Buffer.from(source))
  const found: MeasuredFunction[] = []
  visit(parseSync(source, { syntax: 'typescript', target: 'esnext' }), 'module')
  return found

  function visit(node: unknown, outerName: string): void {
    if (Array.isArray(node)) {
      for (const child of node) visit(child, outerName)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const syntax = node as SyntaxNode
    const name = findName(syntax) ?? outerName
    if (syntax.span !== undefined && FUNCTION_TYPES.has(syntax.type ?? '')) {
      const line = lineOf(syntax.span.start)
      const length = lineOf(syntax.span.end - 1) - line + 1
      const saysWhy = /^\s*\/\/ long: \S/.test(lines[line - 2] ?? '')
      if (length > 1) found.push({ name, line, lines: length, saysWhy })
    }
    for (const [key, child] of Object.entries(syntax)) if (key !== 'span') visit(child, name)
  }
}

/** The name a reader would use: of the declaration, the method, or what the function is assigned to. */
function findName({ identifier, key, id }: SyntaxNode): string | undefined {
  return identifier?.value ?? key?.value ?? key?.id?.value ?? id?.value
}

/** The parser's positions are byte offsets that begin at 1. */
function indexLines(bytes: Buffer): (position: number) => number {
  const starts = [0]
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return (position) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= position - 1) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
