/** Finds what can be neither true nor false where a condition needs one of them: such a condition only fails once requests come. */
import { findType } from '../scope.ts'
import { LOOP_CALLS } from './cel-functions.ts'
import type { Expr } from './cel-library.ts'
import { readMember, type TreeRules } from './check-tree.ts'

/** CEL, langdef.md "Logical Operators" and the conditional: what stands on their sides is a condition too. */
const LOGIC = new Set(['_&&_', '_||_', '!_', '_?_:_'])

const CONSTANT_TYPES: Readonly<Record<string, string>> = {
  nullValue: 'null',
  boolValue: 'bool',
  int64Value: 'int',
  uint64Value: 'uint',
  doubleValue: 'double',
  stringValue: 'string',
  bytesValue: 'bytes',
}

/** What may be anything passes. The tree is one that `checkTree` has let through. */
export function checkCondition(tree: Expr, rules: TreeRules): void {
  const { exprKind } = tree
  if (exprKind.case === 'callExpr' && LOGIC.has(exprKind.value.function)) {
    for (const side of exprKind.value.args) checkCondition(side, rules)
    return
  }
  const type = toType(tree, rules)
  if (type === undefined || type === 'bool') return
  rules.refuse(`a condition is true or false, and this is ${type}: compare it with something`, findStart(tree))
}

/** The name of the only type that a piece can have; undefined where that depends on the request. */
function toType(node: Expr, { library, vocabulary }: TreeRules): string | undefined {
  const { exprKind } = node
  const path = toPath(node)
  if (path !== undefined) return vocabulary.names.includes(path[0] ?? '') ? findType(vocabulary, path) : 'type'
  if (exprKind.case === 'constExpr') return CONSTANT_TYPES[exprKind.value.constantKind.case ?? '']
  if (exprKind.case === 'listExpr') return 'list'
  if (exprKind.case === 'structExpr') return 'map'
  if (exprKind.case === 'comprehensionExpr') {
    const start = exprKind.value.accuInit?.exprKind
    return start?.case === 'callExpr' && start.value.function === LOOP_CALLS.list ? 'list' : undefined
  }
  if (exprKind.case !== 'callExpr') return undefined
  const results = new Set(
    Array.from(library.env.funcs.find(exprKind.value.function) ?? [], ({ result }) => result.name),
  )
  if (results.size === 0 || results.has('bool') || results.has('dyn')) return undefined
  return results.size === 1 ? [...results].join() : 'the result of a calculation'
}

/** `request.headers['x']` as its names; undefined for all else, also for `has(…)`. */
function toPath(node: Expr): string[] | undefined {
  const { exprKind } = node
  if (exprKind.case === 'identExpr') return [exprKind.value.name]
  if (exprKind.case === 'selectExpr' && exprKind.value.testOnly) return undefined
  const { of, member } = readMember(node) ?? {}
  const above = of === undefined ? undefined : toPath(of)
  return above === undefined || member === undefined ? undefined : [...above, member]
}

/** A call stands at its operator or bracket: what a message quotes begins at its first piece. */
function findStart(node: Expr): Expr {
  const { exprKind } = node
  const [first] =
    exprKind.case === 'selectExpr'
      ? [exprKind.value.operand]
      : exprKind.case === 'callExpr' && /^_/.test(exprKind.value.function)
        ? exprKind.value.args
        : exprKind.case === 'callExpr'
          ? [exprKind.value.target]
          : []
  return first === undefined ? node : findStart(first)
}
