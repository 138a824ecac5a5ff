/** Owns `gatewright export`: an API as an OpenAPI document. */
import { defineCommand, UsageError } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { API_POSITIONAL } from '../live/deploying.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { writeOutput } from '../write-output.ts'

export const exportCommand = defineCommand({
  name: 'export',
  description:
    'For callers, it names no server behind the gateway. With --extensions it has everything that Gatewright knows of the API, and `gatewright import` makes the same of it again.',
  positionals: [{ name: 'FORMAT', description: 'openapi.' }, API_POSITIONAL],
  options: {
    ...SERVER_OPTIONS,
    extensions: { type: 'switch', description: 'With everything, for `gatewright import`.' },
    revision: { type: 'integer', value: 'NUMBER', min: 1, max: 1_000_000, description: 'Not what it says now.' },
    environment: { type: 'text', value: 'ENV', description: 'Whose hosts and prefix its servers have.' },
    out: { type: 'text', value: 'FILE', description: 'Write it there instead of printing it.' },
  },
  example: {
    line: 'gatewright export openapi orders --environment prod --out orders.yaml',
    says: 'What callers of prod need to know.',
  },

  async run({ values, positionals: [format = '', api = ''] }, terminal) {
    if (format !== 'openapi') throw new UsageError(`"${format}" is no format that can be exported: openapi is`)
    const { extensions, revision, environment, out } = values
    return await onServer(values, terminal, async ({ client }) => {
      const query = {
        ...(extensions && { extensions: 'true' as const }),
        ...(revision !== undefined && { revision }),
        ...(environment !== undefined && { environment }),
      }
      const { body: text } = await client.read('exportDocument', { params: toApiPlace(api), query })
      if (out === undefined) terminal.print(text.trimEnd())
      else {
        await writeOutput({ what: '--out', path: out, text }, terminal)
        terminal.complain(`wrote ${out}`)
      }
      return EXIT_CODES.ok
    })
  },
})
