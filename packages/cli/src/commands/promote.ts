/** Owns `gatewright promote`: what is live in one environment, live in the next. */
import { defineCommand, UsageError } from '../command.ts'
import { ACKNOWLEDGE_OPTION, toAcknowledge } from '../live/acknowledging.ts'
import { API_POSITIONAL, DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'

export const promote = defineCommand({
  name: 'promote',
  description: 'The same revision, unchanged. One that is only tried there, as a canary, is not promoted.',
  positionals: [API_POSITIONAL],
  options: {
    from: { type: 'text', value: 'ENV', description: 'Where it is live. Needed.' },
    to: { type: 'text', value: 'ENV', description: 'Where it is to be live. Needed.' },
    ...ACKNOWLEDGE_OPTION,
    ...DEPLOYING_OPTIONS,
  },
  example: { line: 'gatewright promote orders --from dev --to prod', says: 'What dev serves is what prod serves.' },

  async run({ values, positionals: [api = ''] }, terminal) {
    const { from, to: environment } = values
    if (from === undefined || environment === undefined)
      throw new UsageError('from where to where? --from ENV --to ENV')
    if (from === environment) throw new UsageError(`--from and --to both say ${from}: name two environments`)
    const known = toAcknowledge(values, values.message)
    return await deployBy(values, terminal, {
      api,
      environment,
      act: (client, { message, ...rest }) => client.ask('promote', { ...rest, body: { from, message, ...known } }),
    })
  },
})
