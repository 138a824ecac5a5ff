/** Owns the folding of policies around the upstream: once per snapshot, so that a request meets plain calls and nothing else. */
import { type Exchange, GatewayResponse, type Next, type Policy, Problem } from '@gatewright/policies'

/** A policy ready to run: its name for the story, its condition, itself. */
export interface CompiledUse {
  readonly name: string
  readonly run: Policy
  /** Only `true` runs it; what throws is the problem that is answered. */
  readonly when: ((exchange: Exchange) => boolean) | undefined
  /** Of the use, where it has one: it tells the record which of several failed. */
  readonly id?: string | undefined
}

/** The first use is the outermost. */
export function compose(uses: readonly CompiledUse[], innermost: Next): Next {
  let next = innermost
  for (let i = uses.length - 1; i >= 0; i--) {
    const use = uses[i]
    if (use !== undefined) next = wrap(use, next)
  }
  return next
}

/**
 * Makes sure that `next` never throws or rejects: what a policy throws becomes a response that carries its problem, so that
 * everything outside still sees and dresses it.
 *
 * A promise that a policy merely passes on needs no second `catch`; `passed` is how that is recognised without marking
 * promises. It means something while `run` is on the stack, and is kept no longer: the last answer of every route would be.
 */
function wrap({ name, run, when, id }: CompiledUse, next: Next): Next {
  let passed: unknown
  let isRunning = false
  const inner: Next = (exchange) => {
    const result = next(exchange)
    if (isRunning) passed = result
    return result
  }
  const fail = (thrown: unknown): GatewayResponse => GatewayResponse.ofProblem(toNamedProblem(thrown, name, id))
  const toResponse = (response: GatewayResponse): GatewayResponse =>
    response instanceof GatewayResponse ? response : fail(toNoAnswer(name))
  return function runPolicy(exchange) {
    try {
      if (when !== undefined && !when(exchange)) return next(exchange)
      exchange.story?.push(name)
      isRunning = true
      const result = run(exchange, inner)
      const isPassed = result !== undefined && result === passed
      isRunning = false
      passed = undefined
      if (isPassed || result instanceof GatewayResponse) return result
      if (typeof result?.then !== 'function') throw toNoAnswer(name)
      return result.then(toResponse, fail)
    } catch (thrown) {
      isRunning = false
      passed = undefined
      return fail(thrown)
    }
  }
}

/** Plain JavaScript may forget to return; the error's own words would not say whose. */
function toNoAnswer(name: string): TypeError {
  return new TypeError(`the policy "${name}" returned no response: return next(exchange), or a GatewayResponse`)
}

/** Whose expression failed, or who threw what is no problem, cannot be told from the error: the record says it. */
function toNamedProblem(thrown: unknown, name: string, id: string | undefined): Problem {
  const problem = Problem.from(thrown)
  if (problem === thrown && problem.code !== 'expression-failed') return problem
  const { code, reason, detail, headers, extensions, cause } = problem
  return new Problem(code, {
    ...(detail !== undefined && { detail }),
    ...(extensions !== undefined && { extensions }),
    ...(reason !== undefined && { reason }),
    headers,
    cause,
    policy: id === undefined ? name : `${name} (${id})`,
  })
}
