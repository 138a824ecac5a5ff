/** Owns `gatewright preview`: a revision that answers to who brings its token, beside what is live. */
import { defineCommand, UsageError } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'
import { pickAction } from '../pick-action.ts'
import { onServer } from '../servers/on-server.ts'

const ACTIONS = {
  start: { options: ['expires', 'message', 'wait'] },
  end: { options: [] },
} as const

export const preview = defineCommand({
  name: 'preview',
  description:
    'start lets a revision be called at the address of the API by who sends its token in the field Gatewright-Preview, which is shown once; what is live stays as it is. For a revision that has one already the token is another. end ends it at once.',
  positionals: [
    { name: 'ACTION', description: 'start or end; or the API, which is start.' },
    { name: 'API', description: 'Its id; `team/id` where its team is not main.', optional: true },
  ],
  options: {
    in: { type: 'text', value: 'ENV', description: 'The environment. Needed.' },
    revision: {
      type: 'integer',
      value: 'NUMBER',
      min: 1,
      max: 1_000_000,
      description: 'start: not what it says now. end: only that of this one; all of them if absent.',
    },
    expires: { type: 'text', value: 'TIME', description: 'start: within 90 days. Default: in a week.' },
    ...DEPLOYING_OPTIONS,
  },
  example: {
    line: 'gatewright preview orders --in prod',
    says: 'Prints the token. `curl -H "Gatewright-Preview: gwv_…"` gets what it says now, everybody else what is live.',
  },

  async run({ values, positionals: [first = '', second] }, terminal) {
    const { in: environment, revision, expires } = values
    if (environment === undefined) throw new UsageError('where? --in ENV')
    const [name, api] = second === undefined ? ['start', first] : [first, second]
    pickAction(ACTIONS, { command: 'preview', name, values })
    if (name === 'start') {
      const body = { ...(revision !== undefined && { revision }), ...(expires !== undefined && { expires }) }
      return await deployBy(values, terminal, {
        api,
        environment,
        act: (client, { message, ...rest }) => client.ask('startPreview', { ...rest, body: { ...body, message } }),
      })
    }
    return await onServer(values, terminal, async ({ client }) => {
      const isDryRun = values['dry-run']
      const params = { ...toApiPlace(api), environment }
      await client.ask('endPreview', { params, isDryRun, query: revision === undefined ? {} : { revision } })
      if (values.json) terminal.print(JSON.stringify({ api, environment, dryRun: isDryRun, revision }, null, 2))
      else terminal.print(`${isDryRun ? 'would end' : 'ended'} in ${environment}: ${toEnded(api, revision)}`)
      return EXIT_CODES.ok
    })
  },
})

function toEnded(api: string, revision: number | undefined): string {
  return revision === undefined ? `all previews of ${api}` : `the preview of revision ${revision} of ${api}`
}
