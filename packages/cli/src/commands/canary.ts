/** Owns `gatewright canary`: trying what an API says now on a part of its traffic, and what comes of it. */
import { defineCommand, UsageError } from '../command.ts'
import { ACKNOWLEDGE_OPTION, toAcknowledge } from '../live/acknowledging.ts'
import { DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'
import { pickAction } from '../pick-action.ts'

export const canary = defineCommand({
  name: 'canary',
  description:
    'start gives it a share of the requests, those for which a condition is true, or those of some apps; a second time it gives another part. promote gives it everything, abort takes everything back.',
  positionals: [
    { name: 'ACTION', description: 'start, promote or abort; or the API, which is start.' },
    { name: 'API', description: 'Its id; `team/id` where its team is not main.', optional: true },
  ],
  options: {
    in: { type: 'text', value: 'ENV', description: 'The environment. Needed.' },
    share: { type: 'text', value: 'PERCENT', description: 'start: of the requests, such as 10.' },
    when: { type: 'text', value: 'CEL', description: 'start: requests for which it is true get it.' },
    app: {
      type: 'text',
      value: 'APP',
      multiple: true,
      description:
        'start: each request of this app gets it, also beside a share or a condition; `team/id` where its team is not that of the API.',
    },
    revision: { type: 'integer', value: 'NUMBER', min: 1, max: 1_000_000, description: 'start: not what it says now.' },
    ...ACKNOWLEDGE_OPTION,
    ...DEPLOYING_OPTIONS,
  },
  example: {
    line: 'gatewright canary orders --in prod --share 10',
    says: 'Ten of a hundred requests get what it says now. Then `canary promote orders`, or `canary abort orders`.',
  },

  async run({ values, positionals: [first = '', second] }, terminal) {
    const { in: environment } = values
    if (environment === undefined) throw new UsageError('where? --in ENV')
    const [name, api] = second === undefined ? ['start', first] : [first, second]
    const { operation } = pickAction(ACTIONS, { command: 'canary', name, values })
    if (operation !== 'startCanary') {
      return await deployBy(values, terminal, {
        api,
        environment,
        act: (client, { message, ...rest }) => client.ask(operation, { ...rest, body: { message } }),
      })
    }
    const { revision } = values
    const said = { ...toPart(values), ...(revision !== undefined && { revision }) }
    const known = toAcknowledge(values, values.message)
    return await deployBy(values, terminal, {
      api,
      environment,
      act: (client, { message, ...rest }) => client.ask(operation, { ...rest, body: { ...said, message, ...known } }),
    })
  },
})

interface Action {
  readonly operation: 'startCanary' | 'promoteCanary' | 'abortCanary'
  readonly options: readonly string[]
}

const ACTIONS: Readonly<Record<string, Action>> = {
  start: { operation: 'startCanary', options: ['share', 'when', 'app', 'revision', 'acknowledge'] },
  promote: { operation: 'promoteCanary', options: [] },
  abort: { operation: 'abortCanary', options: [] },
}

interface PartValues {
  readonly share: string | undefined
  readonly when: string | undefined
  readonly app: readonly string[]
}

/** @throws UsageError */
function toPart({ share, when, app: apps }: PartValues) {
  if (share !== undefined && when !== undefined)
    throw new UsageError('a share or a condition? --share and --when are two')
  if (share === undefined && when === undefined && apps.length === 0)
    throw new UsageError('who gets it? --share PERCENT, --when CEL or --app APP')
  return {
    ...(share !== undefined && { share: toPercent(share) }),
    ...(when !== undefined && { when }),
    ...(apps.length > 0 && { apps: [...apps] }),
  }
}

/** @throws UsageError */
function toPercent(share: string): number {
  const percent = /^\d{1,2}(?:\.\d{1,3})?$/.test(share) ? Number(share) : 0
  if (percent > 0) return percent
  throw new UsageError(`--share: "${share}" is no share of a hundred: write it as 10, or 0.5`)
}
