/** Owns the values of secrets: written, opened where they run, and never shown. */
import { Secret } from '@gatewright/model'
import type { Selectable } from 'kysely'
import type { Actor } from '../access/actor.ts'
import type { Resource } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { SecretTable } from '../store/user-tables.ts'
import { toWebhookPlace } from '../webhooks/webhook-place.ts'
import { drawDataKey, findDataKey, getDataKey } from './data-key.ts'
import { toUserPlace } from './personal-seal.ts'
import { seal, unseal } from './seal.ts'
import { SecretFault } from './secret-fault.ts'
import type { SecretKey } from './secret-key.ts'

/** Whose secrets: an environment, or an identity provider. */
export type SecretHolder = Pick<Resource, 'uid' | 'team'>

export interface SecretRef extends SecretHolder {
  readonly name: string
}

/** All that is told of a secret. */
export interface SecretName {
  readonly name: string
  /** Counts its values. */
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly updatedAtMs: number
  readonly updatedBy: Actor
}

/** As variables of an environment are named. */
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/
const MOST_BYTES = 65_536

/** Made, or given another value. @rejects SecretFault `malformed`, and what is wrong with the key */
export async function putSecret(
  doing: Doing,
  key: SecretKey,
  { value, ...ref }: SecretRef & { readonly value: string },
): Promise<SecretName> {
  if (!NAME.test(ref.name)) {
    throw new SecretFault('malformed', 'A secret is named by a letter and up to 127 letters, digits, "_", "-" and ".".')
  }
  if (value === '' || Buffer.byteLength(value) > MOST_BYTES) {
    throw new SecretFault('malformed', `The value of a secret has between 1 and ${MOST_BYTES} bytes.`)
  }
  const { db, sequence, nowMs, by } = doing
  const { uid: holder, name, team } = ref
  const found = await db
    .selectFrom('secrets')
    .select('version')
    .where('holder', '=', holder)
    .where('name', '=', name)
    .executeTakeFirst()
  const sealed = seal(await getDataKey(doing, key), Buffer.from(value), toPlace(ref))
  const version = (found?.version ?? 0) + 1
  const row = { holder, name, team, sealed, version, sequence, updated_at: nowMs, updated_by: by }
  await db.deleteFrom('secrets').where('holder', '=', holder).where('name', '=', name).execute()
  await db.insertInto('secrets').values(row).execute()
  return toName(row)
}

/** @rejects SecretFault `not-found` */
export async function removeSecret({ db }: Doing, { uid: holder, name }: SecretRef): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('secrets')
    .where('holder', '=', holder)
    .where('name', '=', name)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw new SecretFault('not-found', `There is no secret "${name}" in this environment.`)
}

/** With their holder. */
export async function removeSecretsOf({ db }: Doing, { uid: holder }: SecretHolder): Promise<void> {
  await db.deleteFrom('secrets').where('holder', '=', holder).execute()
}

/** In the order of their names. */
export async function listSecretNames(db: Moment, { uid }: SecretHolder): Promise<SecretName[]> {
  return (await listRows(db, uid)).map(toName)
}

/** By name. For what runs them, and no answer to anybody. @rejects SecretFault */
export async function openSecrets(
  db: Moment,
  key: SecretKey,
  { uid, team }: SecretHolder,
): Promise<ReadonlyMap<string, Secret>> {
  const rows = await listRows(db, uid)
  if (rows.length === 0) return new Map()
  const dataKey = await findDataKey(db, key)
  // The place is what was asked for, and not what the row says of itself.
  return new Map(
    rows.map((row) => [row.name, new Secret(open(dataKey, row, { team, uid, name: row.name }).toString())]),
  )
}

/** Everything that is sealed is sealed anew, with another key of the data too: who had the old key has nothing of it. @rejects SecretFault */
export async function rotateSecretKey(doing: Doing, old: SecretKey, next: SecretKey): Promise<void> {
  const { db } = doing
  const before = await findDataKey(db, old)
  const after = await drawDataKey(doing, next)
  if (before === undefined) return
  // What somebody is being asked may be sealed too, and is asked again in a minute.
  await db.deleteFrom('challenges').execute()
  for (const row of await db.selectFrom('secrets').selectAll().execute()) {
    const { holder, name, team } = row
    const ref = { uid: holder, name, team }
    const sealed = seal(after, open(before, row, ref), toPlace(ref))
    await db.updateTable('secrets').set({ sealed }).where('holder', '=', holder).where('name', '=', name).execute()
  }
  await sealWebhooksAnew(db, before, after)
  const users = await db.selectFrom('users').select(['uid', 'totp']).where('totp', 'is not', null).execute()
  for (const { uid, totp } of users) {
    const text = totp === null ? undefined : unseal(before, totp, toUserPlace(uid))
    if (text === undefined) throw new SecretFault('damaged', `What is kept for the user ${uid} cannot be opened.`)
    const sealed = seal(after, text, toUserPlace(uid))
    await db.updateTable('users').set({ totp: sealed }).where('uid', '=', uid).execute()
  }
}

async function sealWebhooksAnew(db: Moment, before: Buffer, after: Buffer): Promise<void> {
  for (const { webhook, sealed } of await db.selectFrom('webhooks').select(['webhook', 'sealed']).execute()) {
    const bytes = unseal(before, sealed, toWebhookPlace(webhook))
    if (bytes === undefined) throw new SecretFault('damaged', `The secret of the webhook ${webhook} cannot be opened.`)
    const anew = seal(after, bytes, toWebhookPlace(webhook))
    await db.updateTable('webhooks').set({ sealed: anew }).where('webhook', '=', webhook).execute()
  }
}

async function listRows(db: Moment, holder: string): Promise<Selectable<SecretTable>[]> {
  return await db.selectFrom('secrets').selectAll().where('holder', '=', holder).orderBy('name').execute()
}

function open(dataKey: Buffer | undefined, { sealed }: Pick<SecretTable, 'sealed'>, ref: SecretRef): Buffer {
  const bytes = dataKey && unseal(dataKey, sealed, toPlace(ref))
  if (bytes !== undefined) return bytes
  const message = `The secret "${ref.name}" is not what was sealed in its place: write it anew.`
  throw new SecretFault('damaged', message)
}

function toPlace({ team, uid, name }: SecretRef): readonly string[] {
  return ['secret', team, uid, name]
}

function toName({ name, version, updated_at, updated_by }: Selectable<SecretTable>): SecretName {
  return { name, version, updatedAtMs: updated_at, updatedBy: updated_by }
}
