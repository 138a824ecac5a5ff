/** Owns policies with the faults that users' policies have, for the tests of what happens around them. */
import { definePolicy, z } from '@gatewright/policies'

export const dropAnswer = definePolicy({
  name: 'drop-answer',
  phase: 'transform',
  summary: 'Throws when the answer is there, and so drops it. For tests alone.',
  options: z.strictObject({}),
  create() {
    return async function dropAnswer(exchange, next) {
      await next(exchange)
      throw new Error('dropped')
    }
  },
})

export const refuseSnapshot = definePolicy({
  name: 'refuse-snapshot',
  phase: 'transform',
  summary: 'Cannot be made. For tests alone.',
  options: z.strictObject({}),
  create() {
    throw new Error('this option cannot work')
  },
})
