/** Owns credentials that are signatures: each request is signed anew, with its body where that is covered. */
import type { MaybePromise } from '../../maybe-promise.ts'
import type { GatewayRequest } from '../../messages/request.ts'
import type { UpstreamCredential } from '../upstream-credential.ts'
import { readSignedBody } from './signed-place.ts'

export interface SigningKeys<Key> {
  /** @throws Problem @rejects Problem upstream-credential-unavailable */
  get(): MaybePromise<Key>
  /** Absent: they never change. */
  doubt?(): void
}

interface Signing<Key> {
  readonly keys: SigningKeys<Key>
  readonly bodyLimitBytes: number
  /** Takes out what clients may not say. */
  prepare(request: GatewayRequest): void
  needsBody(request: GatewayRequest): boolean
  /** Puts the signature on. `body`: where it is needed. */
  sign(request: GatewayRequest, key: Key, body: Uint8Array | undefined): void
}

export function createSigningCredential<Key>(signing: Signing<Key>): UpstreamCredential {
  const { keys, bodyLimitBytes } = signing

  async function waitAndSign(request: GatewayRequest, waiting: MaybePromise<Key>): Promise<void> {
    // First: what cannot be signed is not read.
    const key = await waiting
    const body = signing.needsBody(request) ? await readSignedBody(request, bodyLimitBytes) : undefined
    signing.sign(request, key, body)
  }

  return {
    apply({ request }) {
      signing.prepare(request)
      const key = keys.get()
      if (key instanceof Promise || signing.needsBody(request)) return waitAndSign(request, key)
      signing.sign(request, key, undefined)
    },
    ...(keys.doubt !== undefined && { doubt: () => keys.doubt?.() }),
  }
}
