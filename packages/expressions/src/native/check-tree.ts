/** Walks a parsed expression before it may run: names, functions and literals that exist, and bounds that hold. */
import { findNearestName } from '../nearest-name.ts'
import { findMembers, type Vocabulary } from '../scope.ts'
import type { CelLibrary, Expr } from './cel-library.ts'
import { MAX_LOOP_DEPTH, MAX_TREE_DEPTH } from './limits.ts'
import { meterLoop } from './meter-loops.ts'
import { checkPattern } from './pattern.ts'

/** Says where a fault is; throws. */
export type Refuse = (reason: string, at: Expr) => never

export interface TreeRules {
  readonly library: CelLibrary
  readonly vocabulary: Vocabulary
  readonly refuse: Refuse
}

interface Place {
  readonly depth: number
  readonly loops: number
  /** Variables of the loops around. */
  readonly variables: readonly string[]
}

/** CEL, langdef.md "Values": the names of types are values. */
const TYPE_NAMES = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']
const LOOPS = ['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter']
/** The parser's names of operators (`_==_`, `!_`, `_[_]`, `@in`): no word that anybody can write as a call. */
const OPERATOR = /\W/
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n, unsignedMax: 2n ** 64n - 1n }

/** Checks a tree and meters its loops in place. */
export function checkTree(tree: Expr, rules: TreeRules): void {
  walk(tree, { depth: 1, loops: 0, variables: [] })

  /** Returns the number of nodes, which is what a turn of a loop around them costs. */
  function walk(node: Expr, place: Place): number {
    if (place.depth > MAX_TREE_DEPTH)
      rules.refuse(`the expression is nested or chained more than ${MAX_TREE_DEPTH} deep`, node)
    const { exprKind } = node
    if (exprKind.case === 'comprehensionExpr') return walkLoop(node, exprKind.value, place)
    if (exprKind.case === 'identExpr')
      checkName(node, exprKind.value.name, {
        known: [...rules.vocabulary.names, ...place.variables],
        refuse: rules.refuse,
      })
    checkMember(node, place.variables, rules)
    if (exprKind.case === 'constExpr') checkConstant(node, rules)
    if (exprKind.case === 'callExpr') checkCall(node, exprKind.value, rules)
    if (exprKind.case === 'structExpr' && exprKind.value.messageName !== '') {
      rules.refuse(
        `there are no message types such as "${exprKind.value.messageName}"; a map is written {'key': value}`,
        node,
      )
    }
    const inside = { ...place, depth: place.depth + 1 }
    return childrenOf(node).reduce((count, child) => count + walk(child, inside), 1)
  }

  function walkLoop(node: Expr, fold: Loop, place: Place): number {
    if (place.loops >= MAX_LOOP_DEPTH) rules.refuse(`loops stand inside loops at most ${MAX_LOOP_DEPTH} deep`, node)
    const around = { ...place, depth: place.depth + 1 }
    const body = { ...around, loops: place.loops + 1, variables: [...place.variables, fold.accuVar, fold.iterVar] }
    const range = fold.iterRange === undefined ? 0 : walk(fold.iterRange, around)
    const turn = [fold.loopCondition, fold.loopStep].reduce((count, part) => count + (part ? walk(part, body) : 0), 0)
    for (const part of [fold.accuInit, fold.result]) if (part !== undefined) walk(part, body)
    meterLoop(fold, turn)
    return range + turn + 1
  }
}

type KindOf<Name extends string> = Extract<Expr['exprKind'], { case: Name }>
type Loop = KindOf<'comprehensionExpr'>['value']
type Call = KindOf<'callExpr'>['value']

function childrenOf({ exprKind }: Expr): Expr[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return exprKind.value.operand === undefined ? [] : [exprKind.value.operand]
    case 'callExpr':
      return exprKind.value.target === undefined ? exprKind.value.args : [exprKind.value.target, ...exprKind.value.args]
    case 'listExpr':
      return exprKind.value.elements
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) => [
        ...(keyKind.case === 'mapKey' ? [keyKind.value] : []),
        ...(value === undefined ? [] : [value]),
      ])
    default:
      return []
  }
}

function checkName(node: Expr, name: string, { known, refuse }: { known: readonly string[]; refuse: Refuse }): void {
  if (known.includes(name) || TYPE_NAMES.includes(name)) return
  const nearest = findNearestName(
    name,
    known.filter((other) => !other.startsWith('@')),
  )
  const names = known.filter((other) => !other.startsWith('@')).join(', ')
  refuse(
    `there is no "${name}" here${nearest === undefined ? ` (there is: ${names})` : `; did you mean "${nearest}"?`}`,
    node,
  )
}

/** `request.path` and `request['path']`: a slip would only fail once requests come. */
function checkMember(node: Expr, variables: readonly string[], { vocabulary, refuse }: TreeRules): void {
  const { of, member } = readMember(node) ?? {}
  if (of?.exprKind.case !== 'identExpr' || member === undefined) return
  const { name } = of.exprKind.value
  const known = variables.includes(name) ? undefined : findMembers(vocabulary, name)
  if (known === undefined || known.includes(member)) return
  const nearest = findNearestName(member, known)
  const advice = nearest === undefined ? ` (it has: ${known.join(', ')})` : `; did you mean "${nearest}"?`
  refuse(`"${name}" has no "${member}"${advice}`, of)
}

export function readMember({ exprKind }: Expr): { of: Expr | undefined; member: string } | undefined {
  if (exprKind.case === 'selectExpr') return { of: exprKind.value.operand, member: exprKind.value.field }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined
  const [of, key] = exprKind.value.args
  if (key?.exprKind.case !== 'constExpr') return undefined
  const { constantKind } = key.exprKind.value
  return constantKind.case === 'stringValue' ? { of, member: constantKind.value } : undefined
}

function checkConstant(node: Expr, { refuse }: TreeRules): void {
  if (node.exprKind.case !== 'constExpr') return
  const { constantKind } = node.exprKind.value
  const { min, max, unsignedMax } = INT64
  if (constantKind.case === 'int64Value' && (constantKind.value < min || constantKind.value > max)) {
    refuse('an int has 64 bits, this one is too large', node)
  }
  if (constantKind.case === 'uint64Value' && constantKind.value > unsignedMax) {
    refuse('a uint has 64 bits, this one is too large', node)
  }
}

function checkCall(node: Expr, call: Call, { library, refuse }: TreeRules): void {
  const { function: name, target, args } = call
  if (OPERATOR.test(name)) return
  const shapes = Array.from(library.env.funcs.find(name) ?? [], (func) => ({
    method: func.target !== undefined,
    count: func.arguments.length,
  }))
  if (shapes.length === 0) refuse(explainUnknown(name, library), node)
  if (!shapes.some(({ method, count }) => method === (target !== undefined) && count === args.length)) {
    const method = shapes[0]?.method === true
    const counts = new Set(shapes.filter((shape) => shape.method === method).map(({ count }) => count))
    const form = method ? `on a value, as value.${name}(…),` : `as ${name}(…)`
    refuse(`${name}() is called ${form} with ${[...counts].join(' or ')} argument(s)`, node)
  }
  if (name === 'matches') checkPatternOf(args[0] ?? node, refuse)
}

/** Macros that were given something else than they take are left as calls by the parser. */
function explainUnknown(name: string, { env }: CelLibrary): string {
  if (name === 'has') {
    return "has() takes a field, as in has(request.headers.host); for a key write 'x-key' in request.headers"
  }
  if (LOOPS.includes(name)) {
    return `${name}() takes a variable and an expression, as in list.${name}(item, item != '')`
  }
  const known = new Set([...Array.from(env.funcs, (func) => func.name), ...LOOPS, 'has'])
  const nearest = findNearestName(
    name,
    [...known].filter((other) => !OPERATOR.test(other)),
  )
  return `there is no function "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`
}

/** A pattern from a request would be compiled for every request, by whoever sends it. */
function checkPatternOf(pattern: Expr, refuse: Refuse): void {
  const kind = pattern.exprKind
  if (kind.case !== 'constExpr' || kind.value.constantKind.case !== 'stringValue') {
    refuse('the pattern of matches() is a text written in the expression, not a computed one', pattern)
    return
  }
  const fault = checkPattern(kind.value.constantKind.value)
  if (fault !== undefined) refuse(`the pattern of matches() is wrong: ${fault}`, pattern)
}
