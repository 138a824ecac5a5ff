/** Owns every problem that the admin API answers with: its code, status and title (RFC 9457). */

const ADMIN_PROBLEMS = {
  'request-invalid': { status: 400, title: 'The request does not say what is wanted' },
  'cursor-invalid': { status: 400, title: 'The cursor is none of this list' },
  'not-signed-in': { status: 401, title: 'Who asks is not known' },
  'login-refused': { status: 401, title: 'The login did not succeed' },
  'login-too-old': { status: 403, title: 'This needs a login of the last minutes' },
  'address-refused': { status: 403, title: 'This address may not ask' },
  'forged-request': { status: 403, title: 'The request does not come from a page of this control plane' },
  'not-allowed': { status: 403, title: 'This is not allowed to who asks' },
  'not-found': { status: 404, title: 'There is nothing by this name' },
  'method-not-allowed': { status: 405, title: 'This is not done to what stands here' },
  'already-there': { status: 409, title: 'There is one by this name already' },
  'in-use': { status: 409, title: 'Others need it' },
  conflict: { status: 409, title: 'This does not fit what is there' },
  'environment-frozen': { status: 409, title: 'What is live here does not change now' },
  'environment-protected': { status: 409, title: 'It is protected' },
  'already-done': { status: 409, title: 'This was done, and what it answered is shown once' },
  'changed-meanwhile': { status: 412, title: 'Somebody has changed it meanwhile' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'media-type-unknown': { status: 415, title: 'Bodies are JSON, or YAML where that is said' },
  'misdirected-request': { status: 421, title: 'This control plane is not asked by that name' },
  'code-wrong': { status: 422, title: 'The proof does not hold' },
  'document-invalid': { status: 422, title: 'This is no OpenAPI document that can be read' },
  'cannot-be-live': { status: 422, title: 'Gateways could not run this' },
  'rule-broken': { status: 422, title: 'It breaks a rule that every API keeps' },
  'breaks-callers': { status: 422, title: 'Callers of what is live could not go on as they do' },
  'key-used-otherwise': { status: 422, title: 'This idempotency key was used for another request' },
  'too-many-attempts': { status: 429, title: 'Too many attempts' },
  unexpected: { status: 500, title: 'The control plane made a mistake' },
  'issuer-unavailable': { status: 502, title: 'The issuer cannot be asked' },
  ending: { status: 503, title: 'This control plane ends' },
  'too-busy': { status: 503, title: 'Too much is under way' },
  'secrets-closed': { status: 503, title: 'What is sealed cannot be opened' },
  'store-unavailable': { status: 503, title: 'The store cannot be reached now' },
  'store-uncertain': { status: 503, title: 'Nobody knows whether the change was kept' },
  'store-full': { status: 507, title: 'The store has no room' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type AdminProblemCode = keyof typeof ADMIN_PROBLEMS

/** Thrown anywhere in a route, it is the answer; what the route did is undone. */
export class AdminProblem extends Error {
  override readonly name = 'AdminProblem'
  readonly code: AdminProblemCode
  /** Members of the answer beside those that every problem has. */
  readonly extensions: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: AdminProblemCode,
    detail: string,
    given: {
      readonly extensions?: Readonly<Record<string, unknown>>
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(detail)
    this.code = code
    this.extensions = given.extensions ?? {}
    this.headers = given.headers ?? {}
  }

  get status(): number {
    return ADMIN_PROBLEMS[this.code].status
  }

  /** RFC 9457 §3. */
  toBody(instance: string): object {
    const { status, title } = ADMIN_PROBLEMS[this.code]
    const type = `urn:gatewright:problem:${this.code}`
    return { type, title, status, detail: this.message, instance: `urn:request:${instance}`, ...this.extensions }
  }
}
