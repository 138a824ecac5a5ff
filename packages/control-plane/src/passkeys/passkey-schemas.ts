/** Owns the form of what browsers make of a passkey: nothing else gets near the library. https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'

/** An attestation with its certificates has some kilobytes. */
const MOST_LETTERS = 32_768
const octets = z
  .string()
  .max(MOST_LETTERS)
  .regex(/^[\w-]*$/, { error: 'It is base64url.' })

/** What is not looked at is left out. */
const credential = {
  id: octets,
  rawId: octets,
  type: z.literal('public-key'),
  clientExtensionResults: z.object({}).default({}),
}

export const registrationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: octets,
    attestationObject: octets,
    transports: z.array(z.string().max(32)).max(10).exactOptional(),
  }),
}) satisfies z.ZodType<RegistrationResponseJSON>

export const assertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: octets,
    authenticatorData: octets,
    signature: octets,
    userHandle: octets.exactOptional(),
  }),
}) satisfies z.ZodType<AuthenticationResponseJSON>

/** What a page hands to the browser. */
export const creationOptionsSchema = z.custom<object>().meta({
  description: 'For `PublicKeyCredential.parseCreationOptionsFromJSON`.',
})
export const requestOptionsSchema = z.custom<object>().meta({
  description: 'For `PublicKeyCredential.parseRequestOptionsFromJSON`.',
})
