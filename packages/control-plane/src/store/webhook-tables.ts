/** Owns the tables of webhooks as types. */
export interface WebhookTables {
  readonly webhooks: WebhookTable
  readonly webhook_deliveries: WebhookDeliveryTable
}

/** Of each that has a secret. */
export interface WebhookTable {
  /** Uid. */
  webhook: string
  /** Its secret. */
  sealed: string
  /** The entry of the audit log up to which everything was sent, or given up. */
  done: number
  /** Of the next one. */
  attempts: number
  /** When the next attempt may be made; while one is made, when another may be. */
  due: number
}

/** What became of each event that it was to get. */
export interface WebhookDeliveryTable {
  webhook: string
  /** Of the entry of the audit log. */
  number: number
  event: string
  state: string
  attempts: number
  status: number | null
  fault: string | null
  at: number
}
