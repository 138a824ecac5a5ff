/** Owns changes to header fields, on the way in or on the way back. */
import { z } from 'zod'
import type { Exchange } from '../exchange.ts'
import { findForbiddenField, type Way } from '../messages/forbidden-fields.ts'
import { findFieldFault, type HeaderList } from '../messages/header-list.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy } from '../policy.ts'
import {
  answerExpressionSchema,
  type CompiledText,
  compileText,
  findRequestSideFault,
  toExpressionProblem,
} from '../scopes/expression-option.ts'

const nameSchema = z.string()
const values = z.record(nameSchema, answerExpressionSchema)

const options = z
  .strictObject({
    on: z
      .enum(['request', 'response'])
      .default('request')
      .meta({ description: 'Changes the request on its way to the upstream, or the answer on its way back.' }),
    remove: z.array(nameSchema).default([]).meta({
      description:
        'Fields that are taken away. Happens first. `X_Debug` goes with `X-Debug`: many servers take the two for one.',
    }),
    set: values.default({}).meta({
      description:
        'Fields by name, each with the one value it will have; `X_Role` goes where `X-Role` is set. Values may hold `${ CEL }`.',
    }),
    append: values
      .default({})
      .meta({ description: 'Fields by name, each added to what is there. Values may hold `${ CEL }`.' }),
  })
  .superRefine(({ on, remove, set, append }, context) => {
    const report = (path: PropertyKey[], message: string | undefined) => {
      if (message !== undefined) context.addIssue({ code: 'custom', path, message })
    }
    for (const [index, name] of remove.entries()) report(['remove', index], findNameFault(name, on))
    for (const [part, fields] of Object.entries({ set, append })) {
      for (const [name, value] of Object.entries(fields)) {
        const literal = typeof value === 'string' && !value.includes('${') ? value : ''
        const fault = on === 'request' ? findRequestSideFault(value) : undefined
        report([part, name], findNameFault(name, on) ?? findFieldFault(name, literal) ?? fault)
      }
    }
  })

export const setHeaders = definePolicy({
  name: 'set-headers',
  phase: 'transform',
  summary: 'Sets, appends and removes header fields of the request or of the answer.',
  options,
  examples: [
    {
      says: 'Tells the upstream which app calls, and hides a field from it.',
      options: { set: { 'X-App': '${caller.app}' }, remove: ['X-Debug'] },
    },
    {
      says: 'Marks answers as private to the caller.',
      options: { on: 'response', set: { 'Cache-Control': 'private, no-store' } },
    },
  ],

  create({ on, remove, set, append }, { variables }) {
    const toSet = compileFields(set, variables)
    const toAppend = compileFields(append, variables)

    function change(headers: HeaderList, exchange: Exchange, response?: GatewayResponse): void {
      for (const name of remove) headers.delete(name)
      for (const { name, text } of toSet) headers.set(name, toFieldValue(name, text(exchange, response)))
      for (const { name, text } of toAppend) headers.append(name, toFieldValue(name, text(exchange, response)))
    }

    if (on === 'request') {
      return function setHeaders(exchange, next) {
        change(exchange.request.headers, exchange)
        return next(exchange)
      }
    }

    function dress(exchange: Exchange, response: GatewayResponse): GatewayResponse {
      try {
        change(response.headers, exchange, response)
        return response
      } catch (problem) {
        // The answer is replaced by the problem: its upstream connection waits to be read.
        response.discard()
        throw problem
      }
    }

    return function setHeaders(exchange, next) {
      const answer = next(exchange)
      return answer instanceof Promise ? answer.then((response) => dress(exchange, response)) : dress(exchange, answer)
    }
  },
})

interface CompiledField {
  readonly name: string
  readonly text: CompiledText
}

function compileFields(
  fields: z.output<typeof values>,
  variables: Readonly<Record<string, string>>,
): readonly CompiledField[] {
  return Object.entries(fields).map(([name, value]) => ({ name, text: compileText(value, variables) }))
}

function findNameFault(name: string, on: Way): string | undefined {
  return findFieldFault(name, '') ?? findForbiddenField(name, on)
}

/** A computed value may hold what a client put there, line breaks too: then it is refused, never repaired. */
function toFieldValue(name: string, value: string): string {
  const fault = findFieldFault(name, value)
  if (fault !== undefined) throw toExpressionProblem(new TypeError(fault))
  return value
}
