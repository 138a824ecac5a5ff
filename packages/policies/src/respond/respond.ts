/** Owns answers that need no upstream. */
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import { BytesBody, EMPTY_BODY } from '../messages/body.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import { findFieldFault, HeaderList } from '../messages/header-list.ts'
import { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import { compileText, expressionSchema, toExpressionProblem } from '../scopes/expression-option.ts'

// RFC 9110 §15.3.5, §15.3.6, §15.4.5: these have no content.
const WITHOUT_BODY = [204, 205, 304]
const options = z
  .strictObject({
    status: z.int().min(200).max(599).default(200).meta({ description: 'The status code of the answer.' }),
    headers: z
      .record(z.string(), expressionSchema)
      .default({})
      .meta({ description: 'Header fields by name. Values may hold `${ CEL }`.' }),
    body: expressionSchema.optional().meta({
      description: 'The body as text, which may hold `${ CEL }`. `text/plain` unless `headers` says otherwise.',
    }),
    json: z
      .json()
      .optional()
      .meta({ description: 'The body as a JSON value, sent as it stands here. Instead of `body`.' }),
  })
  .refine(({ body, json }) => body === undefined || json === undefined, {
    path: ['json'],
    error: 'an answer has one body; leave out body or json',
  })
  .refine(({ status, body, json }) => !WITHOUT_BODY.includes(status) || (body === undefined && json === undefined), {
    path: ['status'],
    error: 'answers with this status have no body; leave the body out, or use another status',
  })
  .superRefine(({ headers }, context) => {
    for (const [name, value] of Object.entries(headers)) {
      const literal = typeof value === 'string' && !value.includes('${') ? value : ''
      const fault = findForbiddenField(name, 'response') ?? findFieldFault(name, literal)
      if (fault !== undefined) context.addIssue({ code: 'custom', path: ['headers', name], message: fault })
    }
  })

export const respond = definePolicy({
  name: 'respond',
  phase: 'upstream',
  summary: 'Answers itself, so that no upstream is called.',
  options,
  answers: true,
  examples: [
    { says: 'Answers with a fixed JSON document.', options: { json: { status: 'ok' } } },
    {
      says: 'Sends callers to another host.',
      options: { status: 308, headers: { Location: 'https://www.example.com${request.path}${request.search}' } },
    },
  ],

  create({ status, headers, body, json }, { variables }) {
    const fields = Object.entries(headers).map(([name, value]) => ({ name, text: compileText(value, variables) }))
    const hasType = fields.some(({ name }) => name.toLowerCase() === 'content-type')
    const type = json === undefined ? 'text/plain; charset=utf-8' : 'application/json'
    const text = body === undefined ? undefined : compileText(body, variables)
    const constant = json === undefined ? text?.constant : JSON.stringify(json)
    const constantBody = constant === undefined ? undefined : BytesBody.ofText(constant)
    const hasBody = constantBody !== undefined || text !== undefined

    function toHeaders(exchange: Exchange): HeaderList {
      const list = HeaderList.of(hasBody && !hasType ? [['Content-Type', type]] : [])
      for (const { name, text } of fields) {
        const value = text(exchange)
        const fault = findFieldFault(name, value)
        if (fault !== undefined) throw toExpressionProblem(new TypeError(fault))
        list.append(name, value)
      }
      return list
    }

    // HEAD needs nothing of its own: the gateway sends the fields of what GET would get, its length too, and no body.
    return function respond(exchange) {
      return new GatewayResponse({
        status,
        headers: toHeaders(exchange),
        body: constantBody ?? (text === undefined ? EMPTY_BODY : BytesBody.ofText(text(exchange))),
      })
    }
  },
})
