/** Owns `gatewright publish`: what an API says now, live in an environment. */
import { defineCommand, UsageError } from '../command.ts'
import { ACKNOWLEDGE_OPTION, toAcknowledge } from '../live/acknowledging.ts'
import { API_POSITIONAL, DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'

export const publish = defineCommand({
  name: 'publish',
  description:
    'Makes a revision of it, gives it all of its traffic, and waits until it is known which gateways serve it. The exit code is 1 where one does not.',
  positionals: [API_POSITIONAL],
  options: {
    to: { type: 'text', value: 'ENV', description: 'The environment. Needed.' },
    revision: { type: 'integer', value: 'NUMBER', min: 1, max: 1_000_000, description: 'Instead of what it says now.' },
    ...ACKNOWLEDGE_OPTION,
    ...DEPLOYING_OPTIONS,
  },
  example: {
    line: 'gatewright publish orders --to dev -m "new limits"',
    says: 'Prints the revision, and who serves it.',
  },

  async run({ values, positionals: [api = ''] }, terminal) {
    const { to: environment, revision } = values
    if (environment === undefined) throw new UsageError('where to? --to ENV')
    const known = toAcknowledge(values, values.message)
    return await deployBy(values, terminal, {
      api,
      environment,
      act: (client, { message, ...rest }) =>
        client.ask('publish', { ...rest, body: { message, ...known, ...(revision !== undefined && { revision }) } }),
    })
  },
})
