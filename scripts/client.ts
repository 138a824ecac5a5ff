/** Owns `npm run client`, which writes what the client has of the admin API's OpenAPI document. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CLIENT_FOLDER, makeClientFiles } from './client-files.ts'

const folder = join(resolve(import.meta.dirname, '..'), CLIENT_FOLDER)
await mkdir(folder, { recursive: true })
for (const [name, text] of makeClientFiles()) await writeFile(join(folder, name), text)
