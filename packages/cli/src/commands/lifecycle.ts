/** Owns `gatewright lifecycle`: the end of an API where it is live, from the first word of it to 410. */
import { defineCommand, UsageError, type Values } from '../command.ts'
import { API_POSITIONAL, type Ask, DEPLOYING_OPTIONS, deployBy } from '../live/deploying.ts'
import { pickAction } from '../pick-action.ts'
import type { Server } from '../servers/open-server.ts'
import { toMoment } from '../to-moment.ts'

const SAID_OPTIONS = {
  since: {
    type: 'text',
    value: 'TIME',
    description: 'deprecate, supersede: since when, or from when on. Default: now.',
  },
  sunset: {
    type: 'text',
    value: 'TIME',
    description: 'Not revive: from when on it may not answer any more: 2027-01-31, or a time as well.',
  },
  successor: { type: 'text', value: 'URL', description: 'Not revive: URL or path of what comes after it.' },
  link: { type: 'text', value: 'URL', description: 'Not revive: URL or path of a page that tells people about it.' },
  by: { type: 'text', value: 'ID', description: 'supersede: the API that comes after it, of the same team. Needed.' },
  'move-subscriptions': {
    type: 'switch',
    description: 'supersede: what opens the old one opens the next one too, with the same keys.',
  },
  plan: {
    type: 'text',
    value: 'ID',
    description: 'supersede: for subscriptions whose own plan does not open the next one.',
  },
} as const

const OPTIONS = {
  in: { type: 'text', value: 'ENV', description: 'The environment. Needed.' },
  ...SAID_OPTIONS,
  ...DEPLOYING_OPTIONS,
} as const

type LifecycleValues = Values<typeof OPTIONS>
type Asked = { readonly client: Server['client']; readonly ask: Ask; readonly values: LifecycleValues }

interface Action {
  readonly options: readonly (keyof typeof SAID_OPTIONS)[]
  run(asked: Asked): ReturnType<Parameters<typeof deployBy>[2]['act']>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  deprecate: {
    options: ['since', 'sunset', 'successor', 'link'],
    run: ({ client, ask: { message, ...rest }, values }) =>
      client.ask('deprecate', { ...rest, body: { message, ...toSince(values), ...toSaid(values) } }),
  },
  supersede: {
    options: ['since', 'sunset', 'successor', 'link', 'by', 'move-subscriptions', 'plan'],
    run: ({ client, ask: { message, ...rest }, values }) => {
      const { by = '', plan, 'move-subscriptions': moveSubscriptions } = values
      const move = { moveSubscriptions, ...(plan !== undefined && { plan }) }
      return client.ask('supersede', { ...rest, body: { message, by, ...toSince(values), ...toSaid(values), ...move } })
    },
  },
  retire: {
    options: ['sunset', 'successor', 'link'],
    run: ({ client, ask: { message, ...rest }, values }) =>
      client.ask('retire', { ...rest, body: { message, ...toSaid(values) } }),
  },
  revive: {
    options: [],
    run: ({ client, ask: { message, ...rest } }) => client.ask('revive', { ...rest, body: { message } }),
  },
}

export const lifecycle = defineCommand({
  name: 'lifecycle',
  description:
    'deprecate tells callers with each answer that there is something better, and until when they can stay. supersede says what that is, and can move subscriptions there. retire answers every request with 410. revive takes it back. Where others have to approve it, it waits for them.',
  positionals: [{ name: 'ACTION', description: 'deprecate, supersede, retire or revive.' }, API_POSITIONAL],
  options: OPTIONS,
  example: {
    line: 'gatewright lifecycle supersede orders --by orders-2 --in prod --sunset 2027-01-31T00:00:00Z --move-subscriptions',
    says: 'Callers of orders hear of orders-2 from now on, and may call it with the keys that they have. --dry-run shows who.',
  },

  async run({ values: given, positionals: [name = '', api = ''] }, terminal) {
    const values = given as LifecycleValues
    const action = pickAction(ACTIONS, { command: 'lifecycle', name, values })
    const { in: environment, by } = values
    if (environment === undefined) throw new UsageError('where? --in ENV')
    if (name === 'supersede' && by === undefined) throw new UsageError('what comes after it? --by ID')
    if (values.plan !== undefined && !values['move-subscriptions'])
      throw new UsageError('--plan is for subscriptions that move: say --move-subscriptions as well')
    return await deployBy(values, terminal, {
      api,
      environment,
      act: (client, ask) => action.run({ client, ask, values }),
    })
  },
})

function toSince({ since }: LifecycleValues): { readonly deprecatedAt?: string } {
  return since === undefined ? {} : { deprecatedAt: toMoment('--since', since) }
}

function toSaid({ sunset, successor, link }: LifecycleValues) {
  return {
    ...(sunset !== undefined && { sunsetAt: toMoment('--sunset', sunset) }),
    ...(successor !== undefined && { successor }),
    ...(link !== undefined && { link }),
  }
}
