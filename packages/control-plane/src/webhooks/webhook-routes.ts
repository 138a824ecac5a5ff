/** Owns the routes of webhooks beside those that every kind has: the secret, a test, and what became of what was sent. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { toLimit } from '../http/page-query.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { WEBHOOK } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import { toNote } from '../resources/put-resource.ts'
import { getResource } from '../resources/resource-store.ts'
import { getSecretKey } from '../secrets/get-secret-key.ts'
import { type Delivery, issueWebhookSecret, listDeliveries } from './webhook-store.ts'

const PATH = '/webhooks/{team}/{id}'
const params = z.strictObject({ team: partIdSchema, id: partIdSchema })

const demandOf = (permission: 'webhook:read' | 'webhook:edit') => ({
  kind: 'demand' as const,
  toDemand: ({ team }: z.output<typeof params>) => ({ permission, team }),
})

const deliverySchema = z.strictObject({
  number: z.int().meta({ description: 'Of the entry of the audit log.' }),
  event: z.string(),
  state: z
    .enum(['delivered', 'waits', 'failed'])
    .meta({ description: '`waits`: for the next attempt, and what comes after waits with it. `failed`: given up.' }),
  attempts: z.int(),
  status: z.int().exactOptional(),
  fault: z.string().exactOptional(),
  at: timeSchema,
})
const deliveriesSchema = z.strictObject({ items: z.array(deliverySchema) })

function present({ atMs, ...delivery }: Delivery) {
  return { ...delivery, at: toTime(atMs) }
}

export const WEBHOOK_ROUTES: readonly Route[] = [
  defineReading({
    name: 'listWebhookDeliveries',
    path: `${PATH}/deliveries`,
    summary: 'What became of what a webhook was sent, the newest first.',
    tag: 'webhooks',
    access: demandOf('webhook:read'),
    params,
    query: z.strictObject({ limit: toLimit() }),
    answer: deliveriesSchema,
    async read(_, db, { params: at, query: { limit } }) {
      const { uid } = await getResource(db, toRef(WEBHOOK, at))
      return { body: { items: (await listDeliveries(db, uid, limit)).map(present) } }
    },
  }),
  defineChange({
    name: 'issueWebhookSecret',
    method: 'POST',
    path: `${PATH}/secret`,
    summary:
      'Makes the secret that what is sent is signed with, in place of the one before. It is shown now, and never again; without one nothing is sent.',
    tag: 'webhooks',
    access: demandOf('webhook:edit'),
    params,
    answer: z.strictObject({ secret: z.string() }),
    status: 201,
    isSecret: true,
    async change({ services }, doing, { params: at }) {
      const webhook = await getResource(doing.db, toRef(WEBHOOK, at))
      const secret = await issueWebhookSecret(doing, getSecretKey(services), webhook.uid)
      return { body: { secret }, notes: [toNote('issue-secret', webhook, {})] }
    },
  }),
  defineChange({
    name: 'testWebhook',
    method: 'POST',
    path: `${PATH}/test`,
    summary: 'Sends a webhook an event of its own, after those that wait, and says what became of the newest.',
    tag: 'webhooks',
    access: demandOf('webhook:edit'),
    params,
    answer: deliveriesSchema,
    async change({ services }, doing, { params: at }) {
      const webhook = await getResource(doing.db, toRef(WEBHOOK, at))
      return {
        body: { items: [] },
        notes: [toNote('test', webhook, {})],
        async afterwards() {
          await services.webhooks?.look()
          const deliveries = await services.store.read((db) => listDeliveries(db, webhook.uid, 5))
          return { items: deliveries.map(present) }
        },
      }
    },
  }),
]
