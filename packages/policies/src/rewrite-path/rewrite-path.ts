/** Owns what the upstream's path and query are, where they differ from the client's. */
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import { withoutParameter, withParameter } from '../messages/search.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { compileText, expressionSchema, toExpressionProblem } from '../scopes/expression-option.ts'
import { findLiteralPathFault, findPathFault } from './path-fault.ts'
import { compilePathPattern, findPathPatternFault } from './path-pattern.ts'
import { compilePathText, findPathTextFault } from './path-text.ts'

function checked(findFault: (text: string) => string | undefined) {
  return z.string().superRefine((text, context) => {
    const fault = findFault(text)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })
}

const pathText = checked(findPathTextFault)
const prefix = checked((text) => {
  if (text === '') return undefined
  return text.endsWith('/') ? 'a prefix has no slash at its end; write "" for none' : findLiteralPathFault(text)
})

const options = z
  .strictObject({
    path: pathText.optional().meta({
      description:
        'The new path, such as `/v2/orders/{id}`. `{name}` is a value of the route and stays encoded; `${ CEL }` is encoded into one segment.',
    }),
    prefix: z
      .strictObject({
        from: prefix.meta({ description: 'What the path begins with, in whole segments; "" for every path.' }),
        to: prefix.meta({ description: 'What stands there instead; "" takes the prefix away.' }),
      })
      .optional()
      .meta({ description: 'Replaces the beginning of the path. Other paths stay.' }),
    pattern: z
      .strictObject({
        from: checked(findPathPatternFault).meta({
          description:
            'Which paths are meant: `/v1/{kind}/{rest+}`, with `{name}` for one segment and a last `{name+}` for the rest.',
        }),
        to: pathText.meta({ description: 'The new path, such as `/{kind}/v2/{rest}`.' }),
      })
      .optional()
      .meta({ description: 'Rearranges paths of one shape. Other paths stay.' }),
    setQuery: z.record(z.string().min(1), expressionSchema).default({}).meta({
      description: 'Query parameters by name, each with the one value it will have. Values may hold `${ CEL }`.',
    }),
    removeQuery: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: 'Query parameters that are taken away. The others stay as they came, byte for byte.' }),
  })
  .refine(({ path, prefix, pattern }) => [path, prefix, pattern].filter((way) => way !== undefined).length <= 1, {
    error: 'path, prefix and pattern are three ways to say one thing; keep one of them',
  })

type Options = z.output<typeof options>

export const rewritePath = definePolicy({
  name: 'rewrite-path',
  phase: 'transform',
  summary: 'Changes the path and the query that the upstream gets.',
  options,
  examples: [
    { says: 'Sends `/v1/…` to `/internal/…`.', options: { prefix: { from: '/v1', to: '/internal' } } },
    {
      says: 'Puts the caller’s app into the path and a fixed version into the query.',
      options: { path: '/tenants/${caller.app}/orders/{id}', setQuery: { version: '2' } },
    },
  ],

  create(given, { variables }) {
    const rewrite = compileRewrite(given, variables)
    const parameters = Object.entries(given.setQuery).map(([name, value]) => ({
      name,
      text: compileText(value, variables),
    }))

    function rewriteQuery(search: string, exchange: Exchange): string {
      for (const name of given.removeQuery) search = withoutParameter(search, name)
      for (const { name, text } of parameters) search = setParameter(search, name, text(exchange))
      return search
    }

    return function rewritePath(exchange, next) {
      const { request } = exchange
      // RFC 9112 §3.2.4: `*` is no path.
      const path = request.path === '*' ? '*' : rewrite(exchange)
      // Everything is computed before anything changes: expressions see the request as it came.
      const search = rewriteQuery(request.search, exchange)
      if (path !== request.path) {
        const fault = findPathFault(path)
        // Its text stays out of the detail: it may hold what the configuration keeps to itself.
        if (fault !== undefined)
          throw new Problem('malformed-request', { detail: REFUSED, reason: `${path}: ${fault}` })
      }
      request.path = path
      request.search = search
      return next(exchange)
    }
  },
})

const REFUSED = 'This path cannot be forwarded: rewritten for the upstream, it would leave the place that it names.'

function compileRewrite(given: Options, variables: Readonly<Record<string, string>>): (exchange: Exchange) => string {
  if (given.path !== undefined) {
    const text = compilePathText(given.path, variables)
    return (exchange) => text(exchange, exchange.request.parameters)
  }
  if (given.pattern !== undefined) {
    const pattern = compilePathPattern(given.pattern.from)
    const text = compilePathText(given.pattern.to, variables)
    return (exchange) => {
      const { path, parameters } = exchange.request
      const values = pattern.match(path)
      return values === undefined ? path : text(exchange, { ...parameters, ...values })
    }
  }
  const { from, to } = given.prefix ?? { from: '', to: '' }
  return ({ request: { path } }) => {
    if (!path.startsWith(from) || (path.length > from.length && path[from.length] !== '/')) return path
    return to + path.slice(from.length) || '/'
  }
}

function setParameter(search: string, name: string, value: string): string {
  try {
    return withParameter(search, name, value)
  } catch (cause) {
    throw toExpressionProblem(cause)
  }
}
