/**
 * Rewrites the loops of a parsed expression so that they are paid for and gather in linear time.
 *
 * `range.map(x, f(x))` is parsed into a fold: start with `[]`, and for each x make `@result + [f(x)]`. Here
 *   - the range becomes `@iterate(range, steps)`, which pays for all turns before the first one, and
 *   - `[]` and `@result + […]` become `@list()` and `@append(@result, …)`, which gathers in place. Only the fold itself
 *     can name `@result`, so nobody sees the list while it grows.
 */
import { LOOP_CALLS } from './cel-functions.ts'
import type { Expr } from './cel-library.ts'

type Fold = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']
type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value']

/** Rewrites one fold in place. `turnSteps` is what one turn costs: the nodes of its body. */
export function meterLoop(fold: Fold, turnSteps: number): void {
  if (fold.iterRange === undefined || fold.accuInit === undefined || fold.loopStep === undefined) return
  const steps: Expr = {
    ...fold.iterRange,
    exprKind: {
      case: 'constExpr',
      value: { $typeName: 'cel.expr.Constant', constantKind: { case: 'int64Value', value: BigInt(turnSteps) } },
    },
  }
  fold.iterRange = toCall(fold.iterRange, LOOP_CALLS.iterate, [fold.iterRange, steps])
  if (fold.accuInit.exprKind.case !== 'listExpr') return
  fold.accuInit = toCall(fold.accuInit, LOOP_CALLS.list, [])
  fold.loopStep = toAppend(fold.loopStep, fold.accuVar)
}

/** `@result + [item]`, or either branch of a condition (`filter`, and `map` with a condition). */
function toAppend(step: Expr, result: string): Expr {
  if (step.exprKind.case !== 'callExpr') return step
  const call: Call = step.exprKind.value
  if (call.function === '_?_:_') {
    call.args = call.args.map((arg, index) => (index === 0 ? arg : toAppend(arg, result)))
    return step
  }
  const [list, added] = call.args
  if (call.function !== '_+_' || list?.exprKind.case !== 'identExpr' || list.exprKind.value.name !== result) return step
  if (added?.exprKind.case !== 'listExpr') return step
  return toCall(step, LOOP_CALLS.append, [list, ...added.exprKind.value.elements])
}

function toCall(at: Expr, name: string, args: Expr[]): Expr {
  return {
    $typeName: 'cel.expr.Expr',
    id: at.id,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args } },
  }
}
