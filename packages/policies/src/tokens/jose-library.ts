/** Owns the loading of the JOSE library: only where tokens are encrypted. */
import { createRequire } from 'node:module'
import type * as Jose from 'jose'

const require = createRequire(import.meta.url)
let library: typeof Jose | undefined

export function getJose(): typeof Jose {
  library ??= require('jose') as typeof Jose
  return library
}
