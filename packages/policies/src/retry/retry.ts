/** Owns second tries: only of what may be sent twice, never more than a share of the traffic. */
import { z } from 'zod'
import { runWithin } from '../deadlines/run-within.ts'
import type { Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { IDEMPOTENT_METHODS } from '../messages/methods.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { Clock } from '../services.ts'
import { RetryBudget } from './retry-budget.ts'

/** What may wait in memory for a second try; a larger body streams, and has one. */
const MOST_HELD_BYTES = 65_536

const CONDITIONS = {
  'connect-failure': ['upstream-unreachable', 'upstream-untrusted'],
  'upstream-closed': ['upstream-closed'],
  'upstream-timeout': ['upstream-timeout'],
} as const satisfies Record<string, readonly Problem['code'][]>

const conditionSchema = z.enum(['connect-failure', 'upstream-closed', 'upstream-timeout'])

const options = z.strictObject({
  attempts: z
    .int()
    .min(2)
    .max(10)
    .default(3)
    .meta({ description: 'How often a request is sent at most, the first time included.' }),
  on: z.array(conditionSchema).default(['connect-failure', 'upstream-closed', 'upstream-timeout']).meta({
    description:
      'Failures that are tried again: no connection or no trust in it, a connection that closed before an answer, no answer in time.',
  }),
  statuses: z
    .array(z.int().min(400).max(599))
    .default([502, 503, 504])
    .meta({ description: 'Statuses of the upstream that are tried again.' }),
  methods: z.array(z.string().min(1)).min(1).optional().meta({
    description:
      'Methods that may be sent twice. The idempotent ones of RFC 9110 if absent; name POST or PATCH only where the upstream recognises repetitions.',
  }),
  perTryTimeoutMs: z.int().min(1).max(3_600_000).optional().meta({
    description:
      'How long one try may take until the head of its answer, in milliseconds; no limit of its own if absent.',
  }),
  backoffMs: z.int().min(0).max(60_000).default(25).meta({
    description:
      'Pause before the second try. Doubles each time; the actual one is between half of it and all of it, at random.',
  }),
  maxBackoffMs: z.int().min(0).max(60_000).default(1000).meta({ description: 'The longest pause.' }),
  budgetPercent: z
    .number()
    .min(0)
    .max(100)
    .default(20)
    .meta({ description: 'Largest share of retries among the requests of the last ten seconds, per thread.' }),
  budgetMinimum: z
    .int()
    .min(0)
    .default(10)
    .meta({ description: 'Retries that ten seconds have room for however few requests there are, per thread.' }),
})

export const retry = definePolicy({
  name: 'retry',
  phase: 'upstream',
  summary: 'Sends a request again when the upstream failed and the request may be sent twice.',
  options,
  examples: [
    { says: 'Sends idempotent requests up to three times.', options: {} },
    {
      says: 'Gives each of two tries one second, and tries again only when no answer came.',
      options: { attempts: 2, perTryTimeoutMs: 1000, statuses: [] },
    },
  ],

  create(given, { clock }) {
    const methods = new Set(given.methods ?? IDEMPOTENT_METHODS)
    const statuses = new Set(given.statuses)
    const codes = new Set<string>(given.on.flatMap((condition) => CONDITIONS[condition]))
    const budget = new RetryBudget(clock, { percent: given.budgetPercent, minimum: given.budgetMinimum })
    const tryOnce = toTry(clock, given.perTryTimeoutMs)

    const isFailure = ({ problem, status }: GatewayResponse) =>
      problem === undefined ? statuses.has(status) : codes.has(problem.code)

    async function tryAgain(
      exchange: Exchange,
      next: Next,
      held: boolean | Promise<boolean>,
    ): Promise<GatewayResponse> {
      if (!(await held)) return next(exchange)
      for (let tries = 1; ; tries++) {
        const fork = exchange.fork()
        const response = await tryOnce(fork, next)
        if (!isFailure(response) || tries >= given.attempts || exchange.abortedBy !== undefined || !budget.take()) {
          exchange.adopt(fork)
          return response
        }
        response.discard()
        await pause(exchange, clock, toBackoff(tries, given))
        // Nobody waits any more: the client left, or a deadline outside passed.
        if (exchange.abortedBy !== undefined) throw exchange.abortedBy
      }
    }

    return function retry(exchange, next) {
      budget.countRequest()
      const { method, body } = exchange.request
      if (!methods.has(method)) return next(exchange)
      const held = body.hold(MOST_HELD_BYTES)
      return held === false ? next(exchange) : tryAgain(exchange, next, held)
    }
  },
})

/** Runs one try, on its own fork. */
function toTry(
  clock: Clock,
  timeoutMs: number | undefined,
): (fork: Exchange, next: Next) => MaybePromise<GatewayResponse> {
  if (timeoutMs === undefined) return (fork, next) => next(fork)
  const problem = new Problem('upstream-timeout', {
    detail: `There was no answer within ${timeoutMs} ms.`,
    reason: 'per-try',
  })
  return (fork, next) => runWithin(fork, next, { clock, timeoutMs, problem })
}

/** Exponential, with jitter: those who failed together must not come back together. */
function toBackoff(tries: number, { backoffMs, maxBackoffMs }: { backoffMs: number; maxBackoffMs: number }): number {
  const longest = Math.min(maxBackoffMs, backoffMs * 2 ** (tries - 1))
  return longest * (0.5 + Math.random() / 2)
}

/** Ends early when the exchange does. */
function pause(exchange: Exchange, clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = {
      onAbort: () => {
        callOff()
        resolve()
      },
    }
    const callOff = clock.after(delayMs, () => {
      exchange.offAbort(wake)
      resolve()
    })
    exchange.onAbort(wake)
  })
}
