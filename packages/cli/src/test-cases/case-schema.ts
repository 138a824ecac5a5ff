/** Owns the format of users' cases: requests, what upstreams answer to them, and what is expected of it all. */
import { UPSTREAM_FAILURES, type UpstreamFailure } from '@gatewright/gateway'
import { z } from 'zod'

const FAILURES = Object.keys(UPSTREAM_FAILURES) as [UpstreamFailure, ...UpstreamFailure[]]

/** YAML reads `5` and `true` as what they are; on the wire they are texts. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const fields = z.record(z.string(), z.union([text, z.array(text)]))
/** `null`: the request has none, whatever `defaults` say. */
const requestFields = z.record(z.string(), z.union([text, z.array(text), z.null()]))

/** A text as it must be, or what can be said of it; `null`: it must not be there. */
const match = z.union([
  text,
  z.null(),
  z.strictObject({
    exact: text.optional(),
    prefix: text.optional(),
    contains: text.optional(),
    pattern: z.string().refine(isPattern, { error: 'This is no regular expression.' }).optional(),
    present: z.boolean().optional(),
  }),
])

function isPattern(source: string): boolean {
  try {
    new RegExp(source)
    return true
  } catch {
    return false
  }
}

const requestMap = z.strictObject({
  method: z.string().default('GET'),
  path: z.string().default('/'),
  host: z.string().default('localhost'),
  version: z.enum(['1.0', '1.1']).default('1.1'),
  headers: requestFields.default({}),
  body: text.optional(),
  json: z.json().optional(),
  from: z.string().optional(),
  listener: z.string().optional(),
})

const requestLine = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+$/, {
  error: 'A request in one line is a method, a space and a path: GET /orders?page=2.',
})

const answer = z.strictObject({
  status: z.int().min(101).max(599).optional(),
  headers: fields.optional(),
  body: text.optional(),
  json: z.json().optional(),
  delayMs: z.int().min(0).optional(),
  fail: z.enum(FAILURES).optional(),
})

const expectedUpstream = z.union([
  z.literal(false),
  z.strictObject({
    id: z.string().optional(),
    target: z.string().optional(),
    method: z.string().optional(),
    path: match.optional(),
    host: match.optional(),
    headers: z.record(z.string(), match).optional(),
    body: match.optional(),
    json: z.json().optional(),
    calls: z.int().min(1).optional(),
  }),
])

const expectation = z.strictObject({
  status: z.int().min(100).max(599).optional(),
  problem: z.union([z.string(), z.literal(false)]).optional(),
  headers: z.record(z.string(), match).optional(),
  body: match.optional(),
  json: z.json().optional(),
  route: z.union([z.string(), z.literal(false)]).optional(),
  policies: z.array(z.string()).optional(),
  upstream: expectedUpstream.optional(),
})

const stepShape = {
  request: z.union([requestLine, requestMap]),
  upstream: z.union([answer, z.array(answer).min(1)]).optional(),
  expect: z.union([z.int().min(100).max(599), expectation]),
  repeat: z.int().min(1).max(1_000_000).optional(),
  waitSeconds: z.number().min(0).max(31_536_000).optional(),
}

const step = z.strictObject(stepShape)

const described = {
  name: z.string().min(1),
  now: z.iso.datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' }).optional(),
  skip: z.union([z.boolean(), z.string()]).optional(),
}

/** One step, written without `steps`; or several. */
const testCase = z.union([
  z.strictObject({ ...described, ...stepShape }),
  z.strictObject({ ...described, steps: z.array(step).min(1) }),
])

export const caseFileSchema = z.strictObject({
  defaults: z
    .strictObject({
      host: z.string().optional(),
      headers: fields.optional(),
      from: z.string().optional(),
      listener: z.string().optional(),
      upstream: z.union([answer, z.array(answer).min(1)]).optional(),
    })
    .default({}),
  cases: z.array(testCase).min(1),
})

export type CaseFile = z.output<typeof caseFileSchema>
export type CaseEntry = CaseFile['cases'][number]
export type Defaults = CaseFile['defaults']
export type StepEntry = z.output<typeof step>
export type FieldsEntry = z.output<typeof requestFields>
export type AnswerEntry = z.output<typeof answer>
export type Expectation = z.output<typeof expectation>
export type Match = z.output<typeof match>
export type Json = z.output<ReturnType<typeof z.json>>
