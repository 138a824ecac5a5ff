/** Owns what an OpenAPI document promises of one operation, in the same words for every version of the format. */
import { type ContractDocument, isMap, type Located, stepInto, toTexts } from './contract-document.ts'

export interface Parameter {
  readonly in: string
  readonly name: string
  readonly required: boolean
  readonly pointer: string
  /** How lists and maps are written: `form, exploded`. Absent where a media type says it. */
  readonly style: string | undefined
  readonly explode: string
  /** Absent: anything. */
  readonly schema: Located | undefined
}

/** Media type → schema; absent: anything. */
export type Contents = ReadonlyMap<string, Located>

export interface Body {
  readonly pointer: string
  readonly required: boolean
  readonly contents: Contents
}

export interface Response {
  readonly pointer: string
  readonly contents: Contents
  readonly headers: ReadonlyMap<
    string,
    { readonly pointer: string; readonly required: boolean; readonly schema: Located }
  >
}

/** Scheme → scopes: all are needed. */
export type SecurityAlternative = ReadonlyMap<string, readonly string[]>

export interface Contract {
  readonly pointer: string
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  /** By status, `2XX` or `default`. */
  readonly responses: ReadonlyMap<string, Response>
  /** One of them is enough; none: nothing is asked for. */
  readonly security: readonly SecurityAlternative[]
  readonly securityPointer: string
}

/** The contract of `GET` and `/orders/{id}` as the document writes its path; `undefined` where it has none. */
export function readContract(document: ContractDocument, method: string, path: string): Contract | undefined {
  const item = stepInto(document.member(document.root, 'paths'), path)
  const chain = listItems(document, item)
  for (const each of chain) {
    const operation = findOperation(document, each, method)
    if (!isMap(operation.value)) continue
    const inherited = chain.toReversed().map((holder) => document.member(holder, 'parameters'))
    const parameters = [...inherited, document.member(operation, 'parameters')].flatMap((list) =>
      document.members(list),
    )
    return toContract(document, operation, parameters)
  }
  return undefined
}

/** A path item, and those that it refers to: its own members go first. */
function listItems(document: ContractDocument, item: Located): Located[] {
  const items: Located[] = []
  let at = item
  while (isMap(at.value) && !items.some(({ pointer }) => pointer === at.pointer)) {
    items.push(at)
    if (typeof at.value.$ref !== 'string') break
    at = document.find(at.value.$ref)
  }
  return items
}

function findOperation(document: ContractDocument, item: Located, method: string): Located {
  const additional = document.member(item, 'additionalOperations', method)
  return isMap(additional.value) ? additional : document.member(item, method.toLowerCase())
}

function toContract(document: ContractDocument, operation: Located, listed: readonly Located[]): Contract {
  const own = stepInto(operation, 'security')
  const security = Array.isArray(own.value) ? own : stepInto(document.root, 'security')
  const known = listed.filter(({ value }) => isMap(value))
  return {
    pointer: operation.pointer,
    parameters: toParameters(document, known),
    body: document.isSwagger ? toSwaggerBody(document, operation, known) : toBody(document, operation),
    responses: toResponses(document, operation),
    security: toSecurity(security.value),
    securityPointer: Array.isArray(security.value) ? security.pointer : operation.pointer,
  }
}

/** The last of a name and place counts: those of the operation stand behind those of the path. */
function toParameters(document: ContractDocument, listed: readonly Located[]): Parameter[] {
  const found = new Map<string, Parameter>()
  for (const located of listed) {
    const parameter = toParameter(document, located)
    if (parameter !== undefined) found.set(`${parameter.in} ${parameter.name}`, parameter)
  }
  return [...found.values()]
}

function toParameter(document: ContractDocument, located: Located): Parameter | undefined {
  const {
    name,
    in: place,
    required,
    style,
    explode,
    content,
    collectionFormat,
  } = located.value as Record<string, unknown>
  if (typeof name !== 'string' || typeof place !== 'string' || place === 'body') return undefined
  const isByContent = isMap(content)
  const usual = place === 'query' || place === 'cookie' ? 'form' : 'simple'
  const used = document.isSwagger ? String(collectionFormat ?? 'csv') : String(style ?? usual)
  const [media] = isByContent ? document.members(stepInto(located, 'content')) : []
  const schema = isByContent ? media && stepInto(media, 'schema') : stepInto(located, 'schema')
  return {
    in: place,
    // RFC 9110 §5.1: names of fields are the same in any letter case.
    name: place === 'header' ? name.toLowerCase() : name,
    required: required === true || place === 'path',
    pointer: located.pointer,
    style: isByContent ? undefined : used,
    explode: String(explode ?? used === 'form'),
    schema: document.isSwagger ? located : schema,
  }
}

function toBody(document: ContractDocument, operation: Located): Body | undefined {
  const body = document.member(operation, 'requestBody')
  if (!isMap(body.value)) return undefined
  return { pointer: body.pointer, required: body.value.required === true, contents: toContents(document, body) }
}

function toContents(document: ContractDocument, holder: Located): Map<string, Located> {
  const contents = document.members(document.member(holder, 'content'))
  return new Map(contents.map(({ key, ...media }) => [toMediaType(key), stepInto(media, 'schema')]))
}

/** The character set is how it is written, and not what. */
function toMediaType(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/;\s*charset=[^;]*/g, '')
    .trim()
}

function toSwaggerBody(document: ContractDocument, operation: Located, listed: readonly Located[]): Body | undefined {
  const body = listed.find(({ value }) => isMap(value) && value.in === 'body')
  if (body === undefined) return undefined
  const schema = stepInto(body, 'schema')
  const contents = listSwaggerTypes(document, operation, 'consumes').map((type) => [type, schema] as const)
  return {
    pointer: body.pointer,
    required: isMap(body.value) && body.value.required === true,
    contents: new Map(contents),
  }
}

function listSwaggerTypes(document: ContractDocument, operation: Located, key: 'consumes' | 'produces'): string[] {
  const own = toTexts(stepInto(operation, key).value)
  const types = own.length > 0 ? own : toTexts(stepInto(document.root, key).value)
  return types.length > 0 ? types.map(toMediaType) : ['application/json']
}

function toResponses(document: ContractDocument, operation: Located): Map<string, Response> {
  const responses = document.members(document.member(operation, 'responses'))
  const known = responses.filter(({ key, value }) => isMap(value) && !key.startsWith('x-'))
  return new Map(
    known.map(({ key, ...response }) => [
      /^[1-5]xx$/i.test(key) ? key.toUpperCase() : key,
      {
        pointer: response.pointer,
        contents: document.isSwagger
          ? toSwaggerContents(document, operation, response)
          : toContents(document, response),
        headers: toHeaders(document, response),
      },
    ]),
  )
}

function toSwaggerContents(document: ContractDocument, operation: Located, response: Located): Map<string, Located> {
  const schema = stepInto(response, 'schema')
  if (schema.value === undefined) return new Map()
  return new Map(listSwaggerTypes(document, operation, 'produces').map((type) => [type, schema]))
}

function toHeaders(document: ContractDocument, response: Located): Response['headers'] {
  const headers = document.members(document.member(response, 'headers')).filter(({ value }) => isMap(value))
  return new Map(
    headers.map(({ key, ...header }) => [
      key.toLowerCase(),
      {
        pointer: header.pointer,
        required: isMap(header.value) && header.value.required === true,
        schema: document.isSwagger ? header : stepInto(header, 'schema'),
      },
    ]),
  )
}

function toSecurity(value: unknown): SecurityAlternative[] {
  if (!Array.isArray(value)) return []
  return value
    .filter(isMap)
    .map((demands) => new Map(Object.entries(demands).map(([scheme, scopes]) => [scheme, toTexts(scopes)])))
}
