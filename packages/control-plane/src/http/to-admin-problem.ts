/** Owns what faults of the domain are to whoever asks: the one place that knows both. */
import { type Finding, findClosest, findKnownKeys } from '@gatewright/model'
import { Problem } from '@gatewright/policies'
import type { z } from 'zod'
import { ChangeFault } from '../changes/change-request.ts'
import { DeploymentFault } from '../deployments/deployment.ts'
import { KeyFault } from '../keys/key.ts'
import { ReferenceFault, suggestReference } from '../references/reference-fault.ts'
import { ResourceFault } from '../resources/resource.ts'
import { SecretFault } from '../secrets/secret-fault.ts'
import { CursorFault } from '../store/pages.ts'
import { StoreFault } from '../store/store.ts'
import { SubscriptionFault } from '../subscriptions/subscription.ts'
import { TokenFault } from '../tokens/token.ts'
import { UserFault } from '../users/user.ts'
import { AdminProblem } from './admin-problem.ts'

/** Undefined: nobody expected it. */
export function toAdminProblem(fault: unknown): AdminProblem | undefined {
  if (fault instanceof AdminProblem) return fault
  if (fault instanceof ResourceFault) return ofResource(fault)
  if (fault instanceof SecretFault) return ofSecret(fault)
  if (fault instanceof SubscriptionFault) return ofSubscription(fault)
  if (fault instanceof ReferenceFault) return ofReference(fault)
  if (fault instanceof DeploymentFault) return ofDeployment(fault)
  if (fault instanceof ChangeFault) return ofChange(fault)
  if (fault instanceof KeyFault) return ofKey(fault)
  if (fault instanceof StoreFault) return ofStore(fault)
  if (fault instanceof UserFault) return ofUser(fault)
  if (fault instanceof TokenFault) return ofToken(fault)
  if (fault instanceof Problem && fault.code === 'verifier-unavailable') {
    const wait = { headers: { 'retry-after': '1' } }
    return new AdminProblem('too-busy', 'Too many passwords are being checked: try again in a moment.', wait)
  }
  if (fault instanceof CursorFault) return new AdminProblem('cursor-invalid', fault.message)
  return undefined
}

/** `where`: `body`, `query`, `path`. Everything that is wrong, at once. */
export function toInvalidProblem(where: string, error: z.ZodError, schema?: z.ZodType): AdminProblem {
  const errors = error.issues.map((issue) => ({
    at: [where, ...issue.path.map(String)].join('/'),
    message: schema === undefined ? issue.message : `${issue.message}${suggestKeys(issue, schema)}`,
  }))
  const [first] = errors
  const detail = first === undefined ? 'It cannot be read.' : `${first.at}: ${first.message}`
  return new AdminProblem('request-invalid', detail, { extensions: { errors } })
}

/** `where`: what the paths of the findings begin in. */
export function toFaultyProblem(where: string, findings: readonly Finding[]): AdminProblem {
  const errors = findings.map(({ code, message, suggestion, at }) => ({
    at: toPointer(where, at.path),
    code,
    message,
    ...(suggestion !== undefined && { suggestion }),
  }))
  const [{ at, message, suggestion = '' } = { at: where, message: 'It cannot be read.' }] = errors
  return new AdminProblem('request-invalid', `${at}: ${message} ${suggestion}`.trimEnd(), { extensions: { errors } })
}

/** `routes[0].upstream` → `body/routes/0/upstream`. */
function toPointer(where: string, path: string): string {
  const parts = [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(([, index, quoted, key]) =>
    quoted === undefined ? (index ?? key) : (JSON.parse(quoted) as string),
  )
  return [where, ...parts].join('/')
}

/** What a key that is none was probably meant to be. */
function suggestKeys(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code !== 'unrecognized_keys') return ''
  const known = findKnownKeys(
    schema,
    issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  )
  const meant = issue.keys.flatMap((key) => findClosest(key, known) ?? [])
  return meant.length === 0 ? '' : `. Did you mean ${meant.map((key) => `"${key}"`).join(', ')}?`
}

function ofResource({ reason, message, current }: ResourceFault): AdminProblem {
  switch (reason) {
    case 'taken':
      return new AdminProblem('already-there', message)
    case 'not-found':
      return new AdminProblem('not-found', message)
    case 'changed':
      return new AdminProblem('changed-meanwhile', message, {
        extensions: { current: { version: current?.version, updatedBy: current?.updatedBy, body: current?.body } },
      })
  }
}

function ofReference({ reason, message, missing, namers }: ReferenceFault): AdminProblem {
  if (reason === 'in-use') return new AdminProblem('in-use', message, { extensions: { namers } })
  const errors = missing.map((each) => ({
    at: toPointer('body', each.path),
    code: 'unknown-reference',
    message: `There is no ${each.kind} "${each.id}".`,
    suggestion: suggestReference(each),
  }))
  return new AdminProblem('request-invalid', message, { extensions: { errors } })
}

function ofSubscription({ reason, message, possible, current }: SubscriptionFault): AdminProblem {
  switch (reason) {
    case 'not-found':
    case 'unknown':
      return new AdminProblem('not-found', message)
    case 'refused-step':
      return new AdminProblem('conflict', message, { extensions: { possible } })
    case 'taken':
      return new AdminProblem('already-there', message, { extensions: { current: current?.uid } })
    case 'plan':
      return new AdminProblem('request-invalid', message)
  }
}

function ofSecret({ reason, message }: SecretFault): AdminProblem {
  if (reason === 'not-found') return new AdminProblem('not-found', message)
  return new AdminProblem(reason === 'malformed' ? 'request-invalid' : 'secrets-closed', message)
}

function ofDeployment({ reason, message, current }: DeploymentFault): AdminProblem {
  if (reason === 'changed') return new AdminProblem('changed-meanwhile', message, { extensions: { current } })
  if (reason === 'unknown-revision') return new AdminProblem('not-found', message)
  return new AdminProblem(reason === 'nothing-before' ? 'conflict' : 'request-invalid', message)
}

function ofChange({ reason, message }: ChangeFault): AdminProblem {
  if (reason === 'not-found') return new AdminProblem('not-found', message)
  return new AdminProblem(reason === 'ended' || reason === 'approved' ? 'conflict' : 'not-allowed', message)
}

function ofKey({ reason, message, positions }: KeyFault): AdminProblem {
  const errors = positions.map((position) => ({ at: `body/keys/${position}`, message }))
  const extensions = errors.length === 0 ? {} : { errors }
  if (reason === 'not-found') return new AdminProblem('not-found', message)
  if (reason === 'taken') return new AdminProblem('already-there', message, { extensions })
  return new AdminProblem(reason === 'ended' ? 'conflict' : 'request-invalid', message, { extensions })
}

function ofUser({ reason, message, current }: UserFault): AdminProblem {
  switch (reason) {
    case 'not-found':
      return new AdminProblem('not-found', message)
    case 'taken':
      return new AdminProblem('already-there', message)
    case 'changed':
      return new AdminProblem('changed-meanwhile', message, { extensions: { current } })
    case 'closed':
    case 'last-owner':
      return new AdminProblem('conflict', message)
    default:
      return new AdminProblem('request-invalid', message)
  }
}

function ofToken({ reason, message }: TokenFault): AdminProblem {
  if (reason === 'not-found') return new AdminProblem('not-found', message)
  return new AdminProblem(reason === 'ended' ? 'conflict' : 'request-invalid', message)
}

function ofStore({ reason }: StoreFault): AdminProblem {
  switch (reason) {
    case 'unavailable':
      return new AdminProblem('store-unavailable', 'The database cannot be reached: try again in a moment.', {
        headers: { 'retry-after': '5' },
      })
    case 'uncertain':
      return new AdminProblem(
        'store-uncertain',
        'The connection to the database broke while it kept the change: look whether it is there, or repeat the request with the same Idempotency-Key.',
      )
    case 'full':
      return new AdminProblem(
        'store-full',
        'The disk of the store is full: nothing was changed. Make room, and repeat.',
      )
    case 'unfit':
      return new AdminProblem(
        'request-invalid',
        'A text has the letter U+0000, which the database does not hold, or a number is larger than any that is kept: say another one.',
      )
  }
}
