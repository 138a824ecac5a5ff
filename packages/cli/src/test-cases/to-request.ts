/** Owns the step from a case's request to the bytes that a client would send. */
import type { Fields, RehearsedAnswer, RehearsedRequest } from '@gatewright/gateway'
import type { AnswerEntry, Defaults, FieldsEntry, StepEntry } from './case-schema.ts'

export interface CaseRequest extends RehearsedRequest {
  /** `GET /orders`, for people. */
  readonly line: string
}

export function toRequest({ request, upstream }: StepEntry, defaults: Defaults): CaseRequest {
  const given = typeof request === 'string' ? toParts(request) : request
  const { method = 'GET', path = '/', version = '1.1' } = given
  const host =
    typeof request === 'string' || request.host === 'localhost' ? (defaults.host ?? 'localhost') : request.host
  const said = new Set(Object.keys(given.headers ?? {}).map((name) => name.toLowerCase()))
  const inherited = toFields(defaults.headers ?? {}).filter(([name]) => !said.has(name.toLowerCase()))
  const headers = [...inherited, ...toFields(given.headers ?? {})]
  const body = Buffer.from(given.json === undefined ? (given.body ?? '') : JSON.stringify(given.json))
  // Also one that is said to be absent: nothing takes its place.
  const says = (name: string): boolean => said.has(name) || inherited.some(([other]) => other.toLowerCase() === name)
  const lines = [`${method} ${path} HTTP/${version}`]
  if (!says('host')) lines.push(`Host: ${host}`)
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  if (given.json !== undefined && !says('content-type')) lines.push('Content-Type: application/json')
  if (body.length > 0 && !says('content-length') && !says('transfer-encoding'))
    lines.push(`Content-Length: ${body.length}`)
  // Field values are latin1 on the wire; what else is written in a case goes out as UTF-8, as clients do it.
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  const address = given.from ?? defaults.from
  const listener = given.listener ?? defaults.listener
  return {
    line: `${method} ${path}`,
    bytes: Buffer.concat([head, body]),
    method,
    upstream: toAnswers(upstream ?? defaults.upstream ?? {}),
    ...(address !== undefined && { address }),
    ...(listener !== undefined && { listener }),
  }
}

type RequestMap = Exclude<StepEntry['request'], string>

function toParts(line: string): Partial<RequestMap> {
  const [method = 'GET', path = '/'] = line.split(' ')
  return { method, path }
}

function toFields(fields: FieldsEntry): Fields {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((each) => [name, each] as const),
  )
}

function toAnswers(answers: AnswerEntry | readonly AnswerEntry[]): readonly RehearsedAnswer[] {
  return [answers].flat().map(({ status, headers = {}, body, json, delayMs, fail }) => {
    const fields = toFields(headers)
    const hasType = fields.some(([name]) => name.toLowerCase() === 'content-type')
    return {
      headers: json === undefined || hasType ? fields : [['Content-Type', 'application/json'], ...fields],
      body: json === undefined ? (body ?? '') : JSON.stringify(json),
      ...(status !== undefined && { status }),
      ...(delayMs !== undefined && { delayMs }),
      ...(fail !== undefined && { fail }),
    }
  })
}
