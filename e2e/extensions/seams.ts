/** Owns policies with the faults that users' policies have, for the tests of what happens around them. */
import { definePolicy, GatewayResponse, z } from '@gatewright/policies'

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

export const meddle = definePolicy({
  name: 'meddle',
  phase: 'transform',
  summary: 'Says what only the gateway may say: lengths, connections, statuses. For tests alone.',
  options: z.strictObject({ status: z.int().meta({ description: 'Of the answer.' }) }),
  create({ status }) {
    return function meddle(exchange) {
      exchange.answerWith('Content-Length', '1')
      exchange.answerWith('Transfer-Encoding', 'chunked')
      const response = GatewayResponse.ofText(status, 'whole')
      response.reason = 'Fine\r\nContent-Length: 2'
      return response
    }
  },
})
