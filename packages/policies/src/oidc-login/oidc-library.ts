/** Loads the libraries of OpenID Connect and of encrypted tokens when a login or a session first needs them. */
import { createRequire } from 'node:module'
import type * as Jose from 'jose'
import type * as OpenIdClient from 'openid-client'

export type {
  Configuration,
  CustomFetchOptions,
  TokenEndpointResponse,
  TokenEndpointResponseHelpers,
} from 'openid-client'
export type OpenIdLibrary = typeof OpenIdClient

const require = createRequire(import.meta.url)
let openId: OpenIdLibrary | undefined
let jose: typeof Jose | undefined

/** What speaks with a provider; the first call of a thread loads it, synchronously. */
export function loadOpenIdLibrary(): OpenIdLibrary {
  openId ??= require('openid-client') as OpenIdLibrary
  return openId
}

/** What encrypts cookies; the first call of a thread loads it, synchronously. */
export function loadJose(): typeof Jose {
  jose ??= require('jose') as typeof Jose
  return jose
}
