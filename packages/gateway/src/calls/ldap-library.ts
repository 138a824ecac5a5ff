/** Loads what speaks LDAP when the first directory is asked. */
import { createRequire } from 'node:module'
import type * as Ldapts from 'ldapts'

const require = createRequire(import.meta.url)
let loaded: typeof Ldapts | undefined

export function loadLdap(): typeof Ldapts {
  loaded ??= require('ldapts') as typeof Ldapts
  return loaded
}
