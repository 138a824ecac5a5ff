/** Owns what a webhook is sent: an event as CloudEvents has it, signed as Standard Webhooks says. Pure. */
import { createHmac } from 'node:crypto'
import type { AuditEntry } from '../audit/audit-log.ts'
import { toTime } from '../http/time.ts'

export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface MessageParts {
  readonly entry: AuditEntry
  /** All that is said of it is told; else names alone. */
  readonly isWhole: boolean
  /** Of the store. */
  readonly source: string
  /** Uid. */
  readonly webhook: string
  readonly secret: Buffer
  readonly nowMs: number
}

/** Nothing that tells of a person. */
export function toWebhookMessage({ entry, isWhole, source, webhook, secret, nowMs }: MessageParts): WebhookMessage {
  const { number, atMs, kind, action, target, team, by, details } = entry
  const body = JSON.stringify({
    // CloudEvents 1.0 §3.1: source and id together are unique.
    specversion: '1.0',
    id: String(number),
    source: `/gatewright/${source}`,
    type: `gatewright.${kind}.${action}`,
    time: toTime(atMs),
    subject: target,
    datacontenttype: 'application/json',
    data: { kind, action, target, team, by, details: isWhole ? details : pickNames(details) },
  })
  // The same for every attempt: who gets it twice knows it.
  const id = `msg_${webhook}_${number}`
  const seconds = String(Math.floor(nowMs / 1000))
  // Standard Webhooks, “Signature scheme”: of id, time and body, with points between.
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64')
  return {
    body,
    headers: {
      // CloudEvents HTTP binding §3.2: structured mode.
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${signature}`,
    },
  }
}

/** By which one can ask for the rest: nothing of what was there before and after. */
const NAMES = ['id', 'environment', 'app', 'change']

function pickNames(details: unknown): object {
  const said = (details ?? {}) as Readonly<Record<string, unknown>>
  const names = NAMES.filter((name) => typeof said[name] === 'string' || typeof said[name] === 'number')
  return Object.fromEntries(names.map((name) => [name, said[name]]))
}
