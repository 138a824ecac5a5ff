/** Owns `gatewright explain`: what would happen to a request, and why. */
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, readFaultless } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { explainRequest } from '../explanation/explain-request.ts'
import { parseAsked } from '../explanation/parse-asked.ts'
import { toExplanationText } from '../explanation/to-text.ts'
import { hidePutIn } from '../hide-put-in.ts'
import { createLog } from '../log.ts'

export const explain = defineCommand({
  name: 'explain',
  description:
    'Asks the real router, and calls nothing. Tells what else was considered, and what would be sent to the upstream. Where no route matches, it shows the nearest.',
  positionals: [
    { name: 'METHOD', description: 'GET, POST, …' },
    { name: 'URL', description: 'A path (/orders/7), or a URL whose host counts (http://api.example.com/orders/7).' },
  ],
  options: {
    header: {
      type: 'text',
      short: 'H',
      value: 'LINE',
      multiple: true,
      description: "A header of the request: 'Name: value'.",
    },
    app: {
      type: 'text',
      value: 'ID',
      description: 'The app that calls: it may have a release of its own (`apps` of a release).',
    },
    ...CONFIG_OPTIONS,
    json: JSON_OPTION,
  },
  example: {
    line: "gatewright explain GET http://api.example.com/orders/7 -H 'X-Beta: 1'",
    says: 'Exit code 0 when a route matches, 1 when none does.',
  },

  async run({ values, positionals: [method = '', url = ''] }, terminal) {
    const asked = parseAsked(method, url, values.header)
    const runnable = await readFaultless(values, terminal)
    if (runnable === undefined) return EXIT_CODES.faults
    const { sources } = runnable.resolution
    const log = createLog((line) => terminal.complain(sources.hide(line.trimEnd())))
    const explained = await explainRequest(
      { ...asked, ...(values.app !== undefined && { app: values.app }) },
      runnable,
      log,
    )
    // What was asked is said as it was asked.
    const explanation = { ...hidePutIn(explained, sources), asked }
    terminal.print(values.json ? JSON.stringify(explanation, null, 2) : toExplanationText(explanation))
    return explanation.found === undefined ? EXIT_CODES.faults : EXIT_CODES.ok
  },
})
