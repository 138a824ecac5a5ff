/** Owns the keys with which requests to AWS are signed: written down, or temporary ones of the machine, the container or STS. */
import { Secret } from '@gatewright/model/runtime'
import { z } from 'zod'
import type { AwsCredentials } from '../../aws-signature/sign-aws-request.ts'
import { confidentialUrlSchema, serviceUrlSchema } from '../../calls/call-options.ts'
import { fileOption } from '../../file-option.ts'
import type { PolicyFile } from '../../policy.ts'
import { secretOption } from '../../secret-option.ts'
import { FetchedCredential, type Issued } from '../issued/fetched-credential.ts'
import { readTokenFile, toTokenFile } from '../issued/token-file.ts'
import { oneOf } from '../one-of.ts'
import type { SigningKeys } from '../signed/signing-credential.ts'
import type { UpstreamAuthServices } from '../upstream-credential.ts'
import { ACCESS_KEY_ID, askContainer, askInstance, askSts, type IssuedKeys, SECRET_WORD } from './aws-key-issuers.ts'

const wordOption = (description: string) =>
  secretOption(description).refine((secret) => SECRET_WORD.test(secret.reveal()), {
    error: 'it has to be printable ASCII without spaces; is there a line end behind it?',
  })

const staticSchema = z
  .strictObject({
    accessKeyId: z
      .string()
      .regex(ACCESS_KEY_ID, 'use 1 to 128 letters, digits and _.@-')
      .meta({ description: 'What the key is called, such as AKIDEXAMPLE. It is no secret.' }),
    secretAccessKey: wordOption('What is signed with.'),
    sessionToken: wordOption('Of temporary keys.').optional(),
  })
  .meta({ description: 'A key that does not change.' })

const containerSchema = z
  .strictObject({
    url: confidentialUrlSchema.meta({
      description:
        'Who issues them: `${env:AWS_CONTAINER_CREDENTIALS_FULL_URI}`, or `http://169.254.170.2` and `${env:AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}` behind it.',
    }),
    token: wordOption(
      'What it knows the gateway by (`Authorization`), such as AWS_CONTAINER_AUTHORIZATION_TOKEN.',
    ).optional(),
    tokenFile: fileOption('The same in a file, such as AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it.').optional(),
  })
  .refine(({ token, tokenFile }) => token === undefined || tokenFile === undefined, {
    error: 'the token comes from one place: keep `token` or `tokenFile`',
    path: ['tokenFile'],
  })
  .meta({ description: 'Temporary keys of the task (ECS) or the pod (EKS Pod Identity).' })

const instanceSchema = z
  .strictObject({
    metadataUrl: serviceUrlSchema.default('http://169.254.169.254').meta({
      description: 'Where the metadata service of the machine is.',
    }),
    role: z
      .string()
      .regex(/^[\w+=,.@-]{1,64}$/, 'use 1 to 64 letters, digits and _+=,.@-')
      .optional()
      .meta({ description: 'The role, where the machine is not to be asked which one it has.' }),
  })
  .meta({ description: 'Temporary keys of the machine (EC2), by IMDSv2 only; `{}` takes the defaults.' })

const webIdentitySchema = z
  .strictObject({
    tokenFile: fileOption('A token of an issuer that the role trusts, such as AWS_WEB_IDENTITY_TOKEN_FILE names it.'),
    roleArn: z
      .string()
      .regex(/^arn:[\w-]+:iam::\d{12}:role\/[!-~]+$/, 'write arn:aws:iam::<account>:role/<name>')
      .meta({ description: 'The role that is assumed.' }),
    sessionName: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, 'use 2 to 64 letters, digits and _+=,.@-')
      .default('gatewright')
      .meta({ description: 'What the session is called in the records of AWS.' }),
    durationSeconds: z.int().min(900).max(43_200).default(3600).meta({ description: 'How long the keys are good.' }),
    stsUrl: confidentialUrlSchema.optional().meta({
      description: 'Where STS is. `https://sts.<region>.amazonaws.com` if absent; in China `.cn` stands behind it.',
    }),
  })
  .meta({ description: 'Temporary keys of a role, for a token in a file (IAM roles for service accounts).' })

export const awsKeysSchema = oneOf({
  static: staticSchema,
  container: containerSchema,
  instance: instanceSchema,
  webIdentity: webIdentitySchema,
}).meta({ description: 'With which keys: exactly one way to have some.' })

type AwsKeysOptions = z.output<typeof awsKeysSchema>

/** `at`: where in the options these stand. */
export function listAwsKeyFiles({ container, webIdentity }: AwsKeysOptions, at: PolicyFile['at']): PolicyFile[] {
  return [
    ...(container?.tokenFile === undefined
      ? []
      : [toTokenFile(container.tokenFile, [...at, 'container', 'tokenFile'])]),
    ...(webIdentity === undefined ? [] : [toTokenFile(webIdentity.tokenFile, [...at, 'webIdentity', 'tokenFile'])]),
  ]
}

export interface AwsKeysContext {
  readonly region: string
  readonly timeoutMs: number
}

export function createAwsKeys(
  options: AwsKeysOptions,
  context: AwsKeysContext,
  services: UpstreamAuthServices,
): SigningKeys<AwsCredentials> {
  if (options.static !== undefined) {
    const { static: credentials } = options
    return { get: () => credentials }
  }
  const { container, ...others } = options
  const [way] = Object.keys(options)
  return new FetchedCredential(
    {
      source: `aws-${way}`,
      depends: [others, container?.url, container?.token?.reveal(), container?.tokenFile, context],
      issue: compileIssue(options, context, services),
      read: toCredentials,
    },
    services,
  )
}

function compileIssue(
  { container, instance, webIdentity }: AwsKeysOptions,
  { region, timeoutMs }: AwsKeysContext,
  { http, files }: UpstreamAuthServices,
): () => Promise<Issued<IssuedKeys>> {
  if (container !== undefined) {
    const { url, token, tokenFile } = container
    const file = tokenFile === undefined ? undefined : files.open(tokenFile)
    const findToken = () => (file === undefined ? token?.reveal() : readTokenFile(file))
    return () => askContainer({ url, token: findToken(), timeoutMs }, http)
  }
  if (instance !== undefined) return () => askInstance({ ...instance, timeoutMs }, http)
  // The schema asks for one.
  if (webIdentity === undefined) throw new Error('there is no way to have keys')
  const { stsUrl = toStsUrl(region), tokenFile, ...role } = webIdentity
  const file = files.open(tokenFile)
  return () => askSts({ ...role, url: stsUrl, token: readTokenFile(file), timeoutMs }, http)
}

/** AWS General Reference, "AWS STS endpoints and quotas". */
function toStsUrl(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`
}

function toCredentials({ accessKeyId, secretAccessKey, sessionToken }: IssuedKeys): AwsCredentials {
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: new Secret(sessionToken) }),
  }
}
