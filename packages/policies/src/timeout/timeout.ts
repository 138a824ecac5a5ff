/** Owns how long the rest of a pipeline may take. */
import { z } from 'zod'
import { runWithin } from '../deadlines/run-within.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'

const ONE_HOUR_MS = 3_600_000

const options = z.strictObject({
  timeoutMs: z
    .int()
    .min(1)
    .max(ONE_HOUR_MS)
    .meta({ description: 'How long everything behind this policy may take, retries included, in milliseconds.' }),
  until: z.enum(['head', 'body']).default('head').meta({
    description:
      'What must be there in time: the head of the answer, or its last byte too. Where only the body is late, the connection is broken off, since the status has gone out.',
  }),
})

export const timeout = definePolicy({
  name: 'timeout',
  phase: 'upstream',
  summary: 'Ends a request that takes longer than allowed.',
  options,
  examples: [{ says: 'Answers 504 after three seconds.', options: { timeoutMs: 3000 } }],

  create({ timeoutMs, until }, { clock }) {
    const problem = new Problem('exchange-timeout', {
      detail: `There was no answer within ${timeoutMs} ms.`,
      reason: `${timeoutMs}ms`,
    })
    const limit = { clock, timeoutMs, problem, untilFinish: until === 'body' }

    return async function timeout(exchange, next) {
      const fork = exchange.fork()
      const response = await runWithin(fork, next, limit)
      exchange.adopt(fork)
      return response
    }
  },
})
