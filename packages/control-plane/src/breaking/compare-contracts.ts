/** Owns the comparison of what two documents promise of one operation: parameters, bodies, answers, security. */
import type { SchemaComparison } from './compare-schemas.ts'
import { compareSecurity } from './compare-security.ts'
import type { Located } from './contract-document.ts'
import { type ContractChange, type ContractPair, inAfter, inBefore } from './contract-pair.ts'
import type { Body, Contents, Contract, Parameter, Response } from './read-contract.ts'
import type { Subject } from './schema-pair.ts'

export function compareContracts(pair: ContractPair): ContractChange[] {
  return [...compareParameters(pair), ...compareBodies(pair), ...compareResponses(pair), ...compareSecurity(pair)]
}

function compareParameters(pair: ContractPair): ContractChange[] {
  const { before, after, pathNames } = pair
  const renamed = new Map(pathNames.before.map((name, index) => [name, pathNames.after[index] ?? name]))
  const keyOf = ({ in: place, name }: Parameter): string => `${place} ${name}`
  const now = new Map(after.parameters.map((parameter) => [keyOf(parameter), parameter]))
  const seen = new Set<string>()
  const changes: ContractChange[] = []
  for (const parameter of before.parameters) {
    const name = parameter.in === 'path' ? (renamed.get(parameter.name) ?? parameter.name) : parameter.name
    const same = now.get(keyOf({ ...parameter, name }))
    const found = same ?? after.parameters.find((other) => isMoved(parameter, other, before.parameters))
    if (found === undefined) continue
    seen.add(keyOf(found))
    if (same === undefined) changes.push(toMove(parameter, found))
    else changes.push(...compareParameter(parameter, found, pair.schemas))
  }
  const added = after.parameters.filter((parameter) => parameter.required && !seen.has(keyOf(parameter)))
  // What a path holds is counted with the path itself.
  for (const parameter of added.filter(({ in: place }) => place !== 'path')) {
    changes.push(toRequired(parameter, undefined))
  }
  return changes
}

/** Of the same name elsewhere, where nothing of that name was. */
function isMoved(parameter: Parameter, other: Parameter, before: readonly Parameter[]): boolean {
  const isSame = other.name.toLowerCase() === parameter.name.toLowerCase() && other.in !== parameter.in
  return (
    isSame &&
    parameter.in !== 'path' &&
    !before.some(({ in: place, name }) => place === other.in && name === other.name)
  )
}

function toMove(before: Parameter, after: Parameter): ContractChange {
  const message = `The parameter "${before.name}" is taken from elsewhere: ${before.in} → ${after.in}.`
  return { ...inAfter('parameter-moved', after.pointer, message), before: before.in, after: after.in }
}

function toRequired(parameter: Parameter, before: 'optional' | undefined): ContractChange {
  const message = `The parameter "${parameter.name}" (${parameter.in}) is required now.`
  return { ...inAfter('parameter-required', parameter.pointer, message), ...(before && { before }), after: 'required' }
}

function compareParameter(before: Parameter, after: Parameter, schemas: SchemaComparison): ContractChange[] {
  const changes: ContractChange[] = []
  const said = `The parameter "${after.name}" (${after.in})`
  if (after.required && !before.required) changes.push(toRequired(after, 'optional'))
  if (isWrittenOtherwise(before, after)) {
    const [was, is] = [toStyleText(before), toStyleText(after)]
    const message = `${said} is written in another way: ${was} → ${is}.`
    changes.push({ ...inAfter('parameter-serialized-otherwise', after.pointer, message), before: was, after: is })
  }
  return [...changes, ...compareSchemas([before.schema, after.schema], { schemas, subject: 'parameter', said })]
}

/** It shows in lists and maps alone. */
function isWrittenOtherwise(before: Parameter, after: Parameter): boolean {
  if (![before, after].every(({ schema }) => isList(schema))) return false
  return toStyleText(before) !== toStyleText(after)
}

function isList(schema: Located | undefined): boolean {
  const type = (schema?.value as { type?: unknown } | undefined)?.type
  return type === 'array' || type === 'object'
}

function toStyleText({ style, explode }: Parameter): string {
  return style === undefined ? 'content' : explode === 'true' ? `${style}, exploded` : style
}

interface SchemaPlace {
  readonly schemas: SchemaComparison
  readonly subject: Subject
  /** Before what is wrong, in messages. */
  readonly said: string
}

function compareSchemas(
  [before, after]: readonly [Located | undefined, Located | undefined],
  { schemas, subject, said }: SchemaPlace,
): ContractChange[] {
  if (before?.value === undefined || after?.value === undefined) return []
  const found = schemas.compare({ parts: [before] }, { parts: [after] }, subject)
  return found.map((change) => ({ ...change, message: `${said}: ${change.message}` }))
}

function compareBodies({ before, after, schemas }: ContractPair): ContractChange[] {
  if (after.body === undefined) {
    if (before.body === undefined || before.body.contents.size === 0) return []
    return [inBefore('request-body-removed', before.body.pointer, 'The request body is not taken any more.')]
  }
  const changes: ContractChange[] = []
  if (after.body.required && before.body?.required !== true) {
    const message = 'The request body is required now.'
    const was = before.body === undefined ? {} : { before: 'optional' }
    changes.push({ ...inAfter('request-body-required', after.body.pointer, message), ...was, after: 'required' })
  }
  return [...changes, ...compareTaken(before.body, after.body, schemas)]
}

function compareTaken(before: Body | undefined, after: Body, schemas: SchemaComparison): ContractChange[] {
  return [...(before?.contents ?? [])].flatMap(([type, schema]) => {
    const now = findContent(after.contents, type)
    if (now !== undefined || after.contents.size === 0)
      return compareSchemas([schema, now], { schemas, subject: 'request', said: `Request body (${type})` })
    const message = `A request body of the type ${type} is not taken any more.`
    const types = [...after.contents.keys()]
    return [{ ...inAfter('request-media-type-removed', after.pointer, message), before: type, after: types }]
  })
}

/** The type itself, else a range that holds it (RFC 9110 §12.5.1). */
function findContent(contents: Contents, type: string): Located | undefined {
  return contents.get(type) ?? contents.get(`${type.split('/')[0]}/*`) ?? contents.get('*/*')
}

function compareResponses({ before, after, schemas }: ContractPair): ContractChange[] {
  return [...before.responses].flatMap(([status, response]) => {
    const now = findResponse(after, status)
    if (now !== undefined) return compareResponse(status, [response, now], schemas)
    // Nobody calls in order to fail: that one way to fail is gone breaks nobody.
    if (!/^[23]/.test(status) || hasOneOf(after, status)) return []
    const message = `The status ${status} is not answered any more.`
    const statuses = [...after.responses.keys()]
    return [{ ...inBefore('response-status-removed', response.pointer, message), before: status, after: statuses }]
  })
}

/** The status itself, else its class, else what counts for every other one (OpenAPI 3.1.1 §4.8.16). */
function findResponse({ responses }: Contract, status: string): Response | undefined {
  return responses.get(status) ?? responses.get(`${status[0]}XX`) ?? responses.get('default')
}

function hasOneOf({ responses }: Contract, status: string): boolean {
  return status.endsWith('XX') && [...responses.keys()].some((other) => other[0] === status[0])
}

function compareResponse(
  status: string,
  [before, after]: readonly [Response, Response],
  schemas: SchemaComparison,
): ContractChange[] {
  const contents = [...before.contents].flatMap(([type, schema]): ContractChange[] => {
    const now = findContent(after.contents, type)
    const said = `Response ${status} (${type})`
    if (now !== undefined) return compareSchemas([schema, now], { schemas, subject: 'response', said })
    const message = `Response ${status} does not come as ${type} any more.`
    const types = [...after.contents.keys()]
    return [{ ...inAfter('response-media-type-removed', after.pointer, message), before: type, after: types }]
  })
  return [...contents, ...compareHeaders(status, [before, after], schemas)]
}

function compareHeaders(
  status: string,
  [before, after]: readonly [Response, Response],
  schemas: SchemaComparison,
): ContractChange[] {
  return [...before.headers].flatMap(([name, was]): ContractChange[] => {
    const is = after.headers.get(name)
    const said = `Response ${status}, header "${name}"`
    if (is === undefined) {
      if (!was.required) return []
      return [inBefore('response-header-removed', was.pointer, `${said} does not come any more.`)]
    }
    const inside = compareSchemas([was.schema, is.schema], { schemas, subject: 'response', said })
    if (!was.required || is.required) return inside
    return [inAfter('response-header-optional', is.pointer, `${said} may be missing now.`), ...inside]
  })
}
