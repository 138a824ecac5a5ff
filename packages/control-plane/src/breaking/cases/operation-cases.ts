/** Owns pairs of operations, and what breaks where one becomes the other. */

export interface OperationCase {
  readonly what: string
  /** `POST /orders/{id}`. */
  readonly one: unknown
  readonly other: unknown
  /** From `one` to `other`; nothing breaks where absent. */
  readonly breaks?: readonly string[]
  readonly breaksBack?: readonly string[]
  /** Beside `paths`, of both. */
  readonly root?: Readonly<Record<string, unknown>>
}

const string = { type: 'string' }
const integer = { type: 'integer' }
const list = { type: 'array', items: string }
const ok = { responses: { 200: { description: 'ok' } } }

function withParameters(...parameters: object[]): object {
  return { ...ok, parameters }
}

function query(more: object): object {
  return { name: 'q', in: 'query', schema: string, ...more }
}

const PARAMETERS: OperationCase[] = [
  { what: 'an optional parameter comes, or goes', one: withParameters(), other: withParameters(query({})) },
  {
    what: 'a required parameter comes',
    one: ok,
    other: withParameters(query({ required: true })),
    breaks: ['parameter-required'],
  },
  {
    what: 'a parameter is required',
    one: withParameters(query({})),
    other: withParameters(query({ required: true })),
    breaks: ['parameter-required'],
  },
  {
    what: 'a parameter has another type',
    one: withParameters(query({})),
    other: withParameters(query({ schema: integer })),
    breaks: ['parameter-type-narrowed'],
    breaksBack: ['parameter-type-narrowed'],
  },
  {
    what: 'a parameter has fewer values',
    one: withParameters(query({ schema: { enum: ['a', 'b'] } })),
    other: withParameters(query({ schema: { enum: ['a'] } })),
    breaks: ['parameter-enum-narrowed'],
  },
  {
    what: 'a parameter moves',
    one: withParameters(query({ required: true })),
    other: withParameters(query({ required: true, in: 'header' })),
    breaks: ['parameter-moved'],
    breaksBack: ['parameter-moved'],
  },
  {
    what: 'a header in another letter case',
    one: withParameters({ name: 'X-Q', in: 'header', required: true }),
    other: withParameters({ name: 'x-q', in: 'header', required: true }),
  },
  {
    what: 'a query parameter in another letter case',
    one: withParameters(query({ required: true })),
    other: withParameters(query({ required: true, name: 'Q' })),
    breaks: ['parameter-required'],
    breaksBack: ['parameter-required'],
  },
  {
    what: 'a list is written in another way',
    one: withParameters(query({ schema: list })),
    other: withParameters(query({ schema: list, explode: false })),
    breaks: ['parameter-serialized-otherwise'],
    breaksBack: ['parameter-serialized-otherwise'],
  },
  {
    what: 'one text has no other way',
    one: withParameters(query({})),
    other: withParameters(query({ explode: false })),
  },
  {
    what: 'the usual way is said',
    one: withParameters(query({ schema: list })),
    other: withParameters(query({ schema: list, style: 'form', explode: true })),
  },
  {
    what: 'a parameter behind a reference',
    root: { components: { parameters: { q: query({ required: true }) } } },
    one: ok,
    other: withParameters({ $ref: '#/components/parameters/q' }),
    breaks: ['parameter-required'],
  },
  {
    what: 'a parameter that stands in a media type',
    one: withParameters(
      query({ schema: undefined, content: { 'application/json': { schema: { type: ['string', 'integer'] } } } }),
    ),
    other: withParameters(query({ schema: undefined, content: { 'application/json': { schema: integer } } })),
    breaks: ['parameter-type-narrowed'],
  },
]

function withBody(required: boolean, ...types: string[]): object {
  return {
    ...ok,
    requestBody: { required, content: Object.fromEntries(types.map((type) => [type, { schema: string }])) },
  }
}

const BODIES: OperationCase[] = [
  {
    what: 'an optional body comes',
    one: ok,
    other: withBody(false, 'text/plain'),
    breaksBack: ['request-body-removed'],
  },
  {
    what: 'a required body comes',
    one: ok,
    other: withBody(true, 'text/plain'),
    breaks: ['request-body-required'],
    breaksBack: ['request-body-removed'],
  },
  {
    what: 'a body is required',
    one: withBody(false, 'text/plain'),
    other: withBody(true, 'text/plain'),
    breaks: ['request-body-required'],
  },
  {
    what: 'a media type goes',
    one: withBody(true, 'application/json', 'text/plain'),
    other: withBody(true, 'application/json'),
    breaks: ['request-media-type-removed'],
  },
  {
    what: 'a media type becomes a range',
    one: withBody(true, 'text/plain'),
    other: withBody(true, 'text/*'),
    breaksBack: ['request-media-type-removed'],
  },
  {
    what: 'a character set is said',
    one: withBody(true, 'text/plain'),
    other: withBody(true, 'Text/Plain; charset=utf-8'),
  },
  {
    what: 'a body behind a reference',
    root: { components: { requestBodies: { b: { required: true, content: { 'text/plain': {} } } } } },
    one: withBody(true, 'text/plain', 'text/csv'),
    other: { ...ok, requestBody: { $ref: '#/components/requestBodies/b' } },
    breaks: ['request-media-type-removed'],
  },
]

function answers(...statuses: (string | number)[]): object {
  return { responses: Object.fromEntries(statuses.map((status) => [status, { description: 'd' }])) }
}

function withHeaders(headers: object): object {
  return { responses: { 200: { description: 'd', headers } } }
}

function withContent(...types: string[]): object {
  const content = Object.fromEntries(types.map((type) => [type, {}]))
  return { responses: { 200: { description: 'd', content } } }
}

const RESPONSES: OperationCase[] = [
  { what: 'one more status', one: answers(200), other: answers(200, 202), breaksBack: ['response-status-removed'] },
  {
    what: 'another status',
    one: answers(200),
    other: answers(201),
    breaks: ['response-status-removed'],
    breaksBack: ['response-status-removed'],
  },
  { what: 'a way to fail', one: answers(200, 404), other: answers(200) },
  { what: 'a status becomes its class', one: answers(200), other: answers('2XX') },
  { what: 'a class in small letters', one: answers('2xx'), other: answers('2XX') },
  { what: 'a status is one of all others', one: answers(200), other: answers('default') },
  {
    what: 'a media type goes',
    one: withContent('application/json', 'text/csv'),
    other: withContent('application/json'),
    breaks: ['response-media-type-removed'],
  },
  {
    what: 'no content any more',
    one: withContent('application/json'),
    other: answers(200),
    breaks: ['response-media-type-removed'],
  },
  {
    what: 'a required header goes',
    one: withHeaders({ a: { required: true } }),
    other: withHeaders({}),
    breaks: ['response-header-removed'],
  },
  { what: 'an optional header goes', one: withHeaders({ a: { schema: string } }), other: withHeaders({}) },
  {
    what: 'a header may be missing',
    one: withHeaders({ A: { required: true } }),
    other: withHeaders({ a: {} }),
    breaks: ['response-header-optional'],
  },
  {
    what: 'a header has another type',
    one: withHeaders({ a: { schema: integer } }),
    other: withHeaders({ a: { schema: string } }),
    breaks: ['response-type-widened'],
    breaksBack: ['response-type-widened'],
  },
]

const schemes = {
  components: {
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' }, login: { type: 'oauth2', flows: {} } },
  },
}

function secured(...security: object[]): object {
  return { ...ok, security }
}

const SECURITY: OperationCase[] = [
  {
    what: 'something is asked for',
    root: schemes,
    one: ok,
    other: secured({ key: [] }),
    breaks: ['security-required'],
  },
  { what: 'something may be shown', root: schemes, one: ok, other: secured({ key: [] }, {}) },
  {
    what: 'one way of two goes',
    root: schemes,
    one: secured({ key: [] }, { login: [] }),
    other: secured({ login: [] }),
    breaks: ['security-alternative-removed'],
  },
  {
    what: 'two ways at once',
    root: schemes,
    one: secured({ key: [] }),
    other: secured({ key: [], login: [] }),
    breaks: ['security-alternative-removed'],
  },
  {
    what: 'one more scope',
    root: schemes,
    one: secured({ login: ['read'] }),
    other: secured({ login: ['read', 'write'] }),
    breaks: ['security-scope-added'],
  },
  {
    what: 'what the whole document asks for is said again',
    root: { ...schemes, security: [{ key: [] }] },
    one: ok,
    other: secured({ key: [] }),
  },
  {
    what: 'an operation asks for nothing, in a document that does',
    root: { ...schemes, security: [{ key: [] }] },
    one: ok,
    other: { ...ok, security: [] },
    breaksBack: ['security-required'],
  },
]

const OTHERS: OperationCase[] = [
  {
    what: 'other words',
    one: ok,
    other: { ...ok, summary: 'S', description: 'D', tags: ['t'], operationId: 'o', deprecated: true },
  },
]

export const OPERATION_CASES: readonly OperationCase[] = [
  ...PARAMETERS,
  ...BODIES,
  ...RESPONSES,
  ...SECURITY,
  ...OTHERS,
]
