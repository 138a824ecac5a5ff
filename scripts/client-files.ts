/** Owns which files of the client are made, and of what. */
import { ADMIN_ROUTES, toOpenApi } from '../packages/control-plane/src/index.ts'
import { type AdminDocument, toClientFiles } from './client-types.ts'

export const CLIENT_FOLDER = 'packages/client/src'

export function makeClientFiles(): ReadonlyMap<string, string> {
  return toClientFiles(toOpenApi(ADMIN_ROUTES) as unknown as AdminDocument)
}
