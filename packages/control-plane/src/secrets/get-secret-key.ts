/** Owns saying that there is no key for secrets, where one is needed. */
import type { Services } from '../http/services.ts'
import { SecretFault } from './secret-fault.ts'
import type { SecretKey } from './secret-key.ts'

/** @throws SecretFault `key` */
export function getSecretKey({ secretKey }: Pick<Services, 'secretKey'>): SecretKey {
  if (secretKey !== undefined) return secretKey
  throw new SecretFault('key', 'There is no key for secrets: start with --data, or with GATEWRIGHT_SECRET_KEY.')
}
