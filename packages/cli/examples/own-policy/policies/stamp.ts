/** Tells the upstream which office a request came through, and refuses what offices do not handle. */
import { definePolicy, Problem, z } from '@gatewright/policies'

export const stamp = definePolicy({
  name: 'stamp',
  phase: 'transform',
  summary: 'Tells the upstream which office the request came through.',
  // The only description of the options: validation, types and editors know them from here.
  options: z.strictObject({
    office: z.string().min(1).meta({ description: 'Name of the office.' }),
    paths: z.array(z.string()).default([]).meta({ description: 'Paths that the office does not handle.' }),
  }),

  // Once per use and configuration; what it returns runs for every request.
  create({ office, paths }) {
    const refused = new Set(paths)

    return function stamp(exchange, next) {
      if (refused.has(exchange.request.matchedPath)) {
        throw new Problem('access-denied', { detail: `The office ${office} does not handle this.` })
      }
      exchange.request.headers.set('X-Office', office)
      exchange.answerWith('X-Handled-By', office)
      return next(exchange)
    }
  },
})
