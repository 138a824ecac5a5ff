/** Owns `gatewright rollback`: what was live before, live again. */
import { defineCommand, UsageError } from '../command.ts'
import { API_POSITIONAL, DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'

export const rollback = defineCommand({
  name: 'rollback',
  description:
    'A rollback is a change too: a second one goes forth again. With --to it goes back to any version of what was live.',
  positionals: [API_POSITIONAL],
  options: {
    in: { type: 'text', value: 'ENV', description: 'The environment. Needed.' },
    to: { type: 'integer', value: 'VERSION', min: 1, max: 1_000_000_000, description: 'A version of what was live.' },
    ...DEPLOYING_OPTIONS,
  },
  example: { line: 'gatewright rollback orders --in prod', says: 'What prod served before is what it serves again.' },

  async run({ values, positionals: [api = ''] }, terminal) {
    const { in: environment, to } = values
    if (environment === undefined) throw new UsageError('where? --in ENV')
    return await deployBy(values, terminal, {
      api,
      environment,
      act: (client, { message, ...rest }) =>
        client.ask('rollBack', { ...rest, body: { message, ...(to !== undefined && { to }) } }),
    })
  },
})
