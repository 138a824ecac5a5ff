/** Owns `gatewright import`: an API made of an OpenAPI document, or a newer document merged into it. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { defineCommand, UsageError } from '../command.ts'
import { JSON_OPTION, toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'

export const importCommand = defineCommand({
  name: 'import',
  description:
    'Changes the draft at a control plane, and nothing that is live. What people wrote stays, and follows operations to their new names. What could not be taken over, or was guessed, is told on stderr.',
  positionals: [
    { name: 'FORMAT', description: 'openapi.' },
    { name: 'FILE', description: 'The document, as YAML or JSON.' },
  ],
  options: {
    ...SERVER_OPTIONS,
    api: { type: 'text', value: 'API', description: 'Its id, or `team/id`. Default: the name of the file.' },
    'dry-run': { type: 'switch', description: 'Only say what would change.' },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright import openapi orders.openapi.yaml',
    says: 'Makes the API orders, or prints what became of what. Then `gatewright publish orders --to dev`.',
  },

  async run({ values, positionals: [format = '', file = ''] }, terminal) {
    if (format !== 'openapi') throw new UsageError(`"${format}" is no format that can be imported: openapi is`)
    const text = readDocument(file, terminal)
    const api = values.api ?? toApi(file)
    const isDryRun = values['dry-run']
    return await onServer(values, terminal, async ({ client }) => {
      const { body } = await client.write('importDocument', text, { params: toApiPlace(api), isDryRun })
      const { version, isNew, changes, findings } = body
      if (values.json) {
        terminal.print(JSON.stringify({ api, dryRun: isDryRun, ...body }, null, 2))
        return EXIT_CODES.ok
      }
      const verb = isNew ? 'made' : changes.length === 0 ? 'the same already' : 'changed'
      terminal.print(`${api} ${isDryRun ? 'would be' : 'is'} ${verb} (version ${version})`)
      for (const change of changes) terminal.print(`  ${change.text}`)
      for (const { severity, message, suggestion, line } of findings) {
        const place = line > 0 ? `${file}:${line}` : file
        terminal.complain(`${place}: ${severity}: ${message}${suggestion === undefined ? '' : ` ${suggestion}`}`)
      }
      return EXIT_CODES.ok
    })
  },
})

/** @throws UsageError */
function readDocument(file: string, terminal: Terminal): string {
  try {
    return readFileSync(toPath(file, terminal), 'utf8')
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** `specs/orders.openapi.yaml` → `orders`. @throws UsageError where the name is that of every such file */
function toApi(file: string): string {
  const name = basename(file).replace(/(?:[.-](?:openapi|swagger))?\.(?:ya?ml|json)$/i, '')
  if (/^[A-Za-z0-9][\w-]*$/.test(name) && !/^(?:openapi|swagger)$/i.test(name)) return name
  throw new UsageError(`what is the API of ${file} called? --api ID`)
}
