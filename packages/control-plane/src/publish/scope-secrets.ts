/** Owns that what stands in an environment names the secrets of that environment, and of no other. Pure. */
import { scopeSecrets } from '@gatewright/model'

/** Of what is kept from one composing to the next, those that name no secret. */
const plain = new WeakSet<object>()

/** Names become `<environment>/<name>`; where there are none, it is the same object. */
export function scopeSecretsIn<Said>(said: Said, environment: string): Said {
  return scopeIn(said, environment) as Said
}

function scopeIn(said: unknown, environment: string): unknown {
  if (typeof said === 'string') return scopeSecrets(said, environment)
  if (typeof said !== 'object' || said === null || plain.has(said)) return said
  const members = Object.entries(said).map(([key, member]) => [key, scopeIn(member, environment)] as const)
  if (members.every(([key, member]) => member === (said as Record<string, unknown>)[key])) {
    plain.add(said)
    return said
  }
  return Array.isArray(said) ? members.map(([, member]) => member) : Object.fromEntries(members)
}
