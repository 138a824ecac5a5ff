/** Owns what the tests of `jwt` share: an issuer, its claims, and a use that takes its tokens. */
import { FakeClock, type PolicyRun, run, TestIssuer } from '../testing/index.ts'
import { jwt } from './jwt.ts'

export const ISSUER = 'https://login.example.com/'
const clock = new FakeClock()
export const now = Math.floor(clock.now() / 1000)
export const rsa = new TestIssuer('RS256')
export const claims = { iss: ISSUER, aud: 'orders', sub: 'ann', exp: now + 3600, iat: now, jti: 'token-1' }

export type Options = Parameters<typeof run<typeof jwt.options>>[1] & object
export type IssuerPart = Partial<Options['issuers'][number]>

/** One issuer, with the key of `rsa` written down. */
export function taking(
  options: Partial<Options> = {},
  issuer: IssuerPart = {},
  setup: Parameters<typeof run>[2] = {},
): PolicyRun {
  const keys = [{ kid: 'key-1', algorithm: 'RS256' as const, publicKey: rsa.pem }]
  return run(
    jwt,
    {
      issuers: [{ issuer: ISSUER, audiences: ['orders'], ...('jwksUrl' in issuer ? {} : { keys }), ...issuer }],
      ...options,
    },
    { clock: new FakeClock(), ...setup },
  )
}

export const bearing = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })
