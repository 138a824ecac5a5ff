/** Owns where the secret of a webhook is sealed for. */
export function toWebhookPlace(uid: string): readonly string[] {
  return ['webhook', uid]
}
