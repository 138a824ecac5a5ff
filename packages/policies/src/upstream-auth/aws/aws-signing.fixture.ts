/** Owns what tests of signing for AWS share: the policy with a key, and the verifier that the upstream would be. */
import { awsSigv4 } from '../../aws-sigv4/aws-sigv4.ts'
import type { GatewayRequest } from '../../messages/request.ts'
import { FakeClock, type PolicyRun, type PolicyRunSetup, run, withApps } from '../../testing/index.ts'
import { toSignedPath, toSignedPlace } from '../signed/signed-place.ts'
import { upstreamAuth } from '../upstream-auth.ts'

export const NOW = Date.UTC(2026, 0, 31, 12)
export const ID = 'AKIDEXAMPLE'
export const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
export const SESSION = 'FwoGZXIvYXdzEBYaD/+example=='

export const AWS = {
  url: 'https://abc.execute-api.eu-central-1.amazonaws.com/prod',
  region: 'eu-central-1',
  service: 'execute-api',
  credentials: { static: { accessKeyId: ID, secretAccessKey: SECRET } },
}

type Options = NonNullable<NonNullable<Parameters<typeof run<typeof upstreamAuth.options>>[1]>['aws']>

export function signing(options: Partial<Options> = {}, setup: PolicyRunSetup = {}): PolicyRun {
  return run(upstreamAuth, { aws: { ...AWS, ...options } }, { clock: new FakeClock(NOW), ...setup })
}

export interface Verifier {
  readonly url?: string
  readonly service?: string
  readonly sessionToken?: string
}

/** What the gateway's own verifier says of a request as it would go over the wire; undefined: it believes it. */
export async function findFault(
  request: GatewayRequest,
  { url = AWS.url, service = AWS.service, sessionToken }: Verifier = {},
): Promise<string | undefined> {
  const key = {
    accessKeyId: ID,
    secretAccessKey: SECRET,
    app: 'gateway',
    ...(sessionToken !== undefined && { sessionToken }),
  }
  const given = {
    region: AWS.region,
    service,
    credentials: [key],
    unsignedPayload: 'allow' as const,
    bodyLimitBytes: 1 << 24,
  }
  const place = toSignedPlace(url)
  const { problem } = await run(awsSigv4, given, { clock: new FakeClock(NOW), credentials: withApps('gateway') }).with({
    ...{ method: request.method, target: toSignedPath(place, request) + request.search, host: place.authority },
    headers: [...request.headers],
    body: Buffer.from(await request.body.bytes({ limitBytes: 1 << 24 })).toString('utf8'),
  })
  return problem === undefined ? undefined : (problem.reason ?? problem.code)
}
