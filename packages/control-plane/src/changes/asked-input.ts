/** Owns what is kept of a request that waits: all that it takes to do it later just as it was asked. */
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Services } from '../http/services.ts'
import type { Outcome } from '../publish/outcome.ts'
import { findDataKey, getDataKey } from '../secrets/data-key.ts'
import { getSecretKey } from '../secrets/get-secret-key.ts'
import { seal, unseal } from '../secrets/seal.ts'
import type { Doing } from '../store/doing.ts'

export interface AskedInput {
  readonly params: unknown
  readonly query: unknown
  readonly body?: unknown
  readonly source?: string | undefined
  /** The version that it was made of; something else is not changed. */
  readonly ifMatch?: number | undefined
  readonly ifNone: boolean
}

/** In the place of a deployment's wish. */
export interface AskedChange {
  /** Its name. */
  readonly route: string
  readonly input: AskedInput
  /** The body, where it is secret. */
  readonly sealed?: string
  /** Method, address and body, hashed: who asks again asks for the same. */
  readonly fingerprint: string
  /** What it was about, as the audit log says it. */
  readonly about: Pick<AuditNote, 'kind' | 'target' | 'team'> & { readonly id: string }
  /** Ids of the protected environments that would run something else. */
  readonly environments: readonly string[]
  /** What comes of it in each of them, in their order; absent: it was asked for before that was kept. */
  readonly outcomes?: readonly Outcome[]
  /** What would become of what. */
  readonly lines: readonly string[]
  /** Why it cannot wait for the end of a freeze. */
  readonly override?: string | undefined
}

/** Of one that has ended: what was sent is needed no more, and its hash could be guessed at. */
export function withoutBody({ sealed: _, input, ...wish }: AskedChange): AskedChange {
  const { body: __, source: ___, ...kept } = input
  return { ...wish, fingerprint: '', input: kept }
}

/** Of notes of what was tried. */
export function toAbout([note]: readonly AuditNote[]): AskedChange['about'] {
  const { kind = '', target = '', team = '', details } = note ?? {}
  const { id, name } = (details ?? {}) as { readonly id?: unknown; readonly name?: unknown }
  return { kind, target, team, id: String(id ?? name ?? target) }
}

/** What is secret is sealed while it waits. @rejects SecretFault */
export async function sealInput(
  services: Services,
  doing: Doing,
  { body, ...input }: AskedInput,
): Promise<Pick<AskedChange, 'input' | 'sealed'>> {
  const key = await getDataKey(doing, getSecretKey(services))
  return { input, sealed: seal(key, Buffer.from(JSON.stringify(body)), PLACE) }
}

/** @rejects AdminProblem, SecretFault */
export async function openInput(
  services: Services,
  { db }: Doing,
  { input, sealed }: Pick<AskedChange, 'input' | 'sealed'>,
): Promise<AskedInput> {
  if (sealed === undefined) return input
  const key = await findDataKey(db, getSecretKey(services))
  const text = key && unseal(key, sealed, PLACE)
  if (text !== undefined) return { ...input, body: JSON.parse(text.toString()) as unknown }
  throw new AdminProblem('conflict', 'Secrets were sealed anew since this was asked for: refuse it, and ask again.')
}

const PLACE = ['change']
