/** Owns `gatewright subscriptions`: what apps have subscribed to, asked for by whose app it is, and seen to by who sells. */
import type { Operations } from '@gatewright/client'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { pickAction } from '../pick-action.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'

const STATES = ['requested', 'approved', 'active', 'suspended', 'ended'] as const

const OWN_OPTIONS = {
  app: { type: 'text', value: 'APP', description: 'list: only of this app; `team/id` where its team is not main.' },
  product: { type: 'text', value: 'ID', description: 'list, request: to this product.' },
  api: { type: 'text', value: 'ID', description: 'list, request: to this API alone.' },
  state: { type: 'text', value: 'STATE', description: `list: only those that are ${STATES.join(', ')}.` },
  plan: {
    type: 'text',
    value: 'ID',
    description: 'request: on this plan, of who sells. Needed. move: where their own does not open the next API.',
  },
  team: { type: 'text', value: 'ID', description: 'request: the team that sells. Default: that of the app.' },
  to: { type: 'text', value: 'ID', description: 'move: the API that comes after it, of the same team. Needed.' },
  note: { type: 'text', value: 'TEXT', description: 'Not list, show, move or give-up: why, for those who come later.' },
} as const

const OPTIONS = {
  ...SERVER_OPTIONS,
  ...OWN_OPTIONS,
  'dry-run': { type: 'switch', description: 'Not list or show: do it, show what it came to, and undo it.' },
  json: JSON_OPTION,
} as const

type SubscriptionsValues = Values<typeof OPTIONS>

/** What an action is about. */
interface About {
  readonly client: Server['client']
  readonly subject: string
  readonly values: SubscriptionsValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof typeof OWN_OPTIONS | 'dry-run')[]
  /** What stands behind it; absent: nothing does. */
  readonly subject?: string
  run(about: About): Promise<void>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: ['app', 'product', 'api', 'state'], run: list },
  show: { options: [], subject: 'UID', run: show },
  request: { options: ['product', 'api', 'plan', 'team', 'note', 'dry-run'], subject: 'APP', run: request },
  approve: defineStep('approveSubscription'),
  activate: defineStep('activateSubscription'),
  suspend: defineStep('suspendSubscription'),
  resume: defineStep('resumeSubscription'),
  end: defineStep('endSubscription'),
  'give-up': { options: ['dry-run'], subject: 'UID', run: giveUp },
  move: { options: ['to', 'plan', 'dry-run'], subject: 'API', run: move },
}

export const subscriptions = defineCommand({
  name: 'subscriptions',
  description:
    'request asks for one for an app: it is active at once, or waits. Who sells lets it through by approve and activate, holds it up by suspend until resume, and ends it; whose app it is gives it up. move takes those to an API to the one that comes after it. list shows them with their uids, show what was done to one.',
  positionals: [
    { name: 'ACTION', description: `${Object.keys(ACTIONS).join(', ')}.` },
    {
      name: 'SUBJECT',
      description: 'request: an app. move: an API. Else the uid of a subscription, as list says it.',
      optional: true,
    },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright subscriptions request acme --product shop --plan gold --note "for the new web shop"',
    says: 'Prints its uid, and whether it waits. Who sells shop then says `subscriptions approve UID`.',
  },

  async run({ values: given, positionals: [name = '', subject] }, terminal) {
    const values = given as SubscriptionsValues
    const action = pickAction(ACTIONS, { command: 'subscriptions', name, values })
    if (action.subject !== undefined && subject === undefined)
      throw new UsageError(`which one? subscriptions ${name} ${action.subject}`)
    if (action.subject === undefined && subject !== undefined)
      throw new UsageError(`\`subscriptions ${name}\` has no use for "${subject}"`)
    return await onServer(values, terminal, async ({ client }) => {
      await action.run({ client, subject: subject ?? '', values, terminal })
      return EXIT_CODES.ok
    })
  },
})

type Subscription = Operations['listSubscriptions']['answer']['items'][number]

async function list({ client, values, terminal }: About): Promise<void> {
  const { app, product, api, state } = values
  const query = {
    ...(app !== undefined && { app: toPlaceText(app) }),
    ...(product !== undefined && { product: toPlaceText(product) }),
    ...(api !== undefined && { api: toPlaceText(api) }),
    ...(state !== undefined && { state: toState(state) }),
  }
  const all = await listAll((page) => client.ask('listSubscriptions', { query: { ...page, ...query } }))
  if (values.json) terminal.print(JSON.stringify(all, null, 2))
  else if (all.length === 0) terminal.print('There are none.')
  else terminal.print(toColumns(all.map(toCells)))
}

function toPlaceText(text: string): string {
  const { team, id } = toApiPlace(text)
  return `${team}/${id}`
}

/** @throws UsageError */
function toState(text: string): (typeof STATES)[number] {
  const state = STATES.find((each) => each === text)
  if (state !== undefined) return state
  throw new UsageError(`--state: "${text}" is none of ${STATES.join(', ')}`)
}

function toCells({ uid, app, product, api, plan, state, createdAt }: Subscription): readonly string[] {
  const target = product === undefined ? `API ${toName(api)}` : `product ${toName(product)}`
  return [uid, state, toName(app), target, `plan ${toName(plan)}`, `since ${createdAt}`]
}

/** What is gone has its uid alone. */
function toName(named: Subscription['plan'] | undefined): string {
  if (named?.id === undefined) return named?.uid ?? '-'
  return `${named.team}/${named.id}`
}

async function show({ client, subject, values, terminal }: About): Promise<void> {
  const { body } = await client.ask('getSubscription', { params: { uid: subject } })
  if (values.json) return terminal.print(JSON.stringify(body, null, 2))
  const { records, former = [] } = body
  terminal.print(toColumns([toCells(body)]))
  if (former.length > 0) terminal.print(`moved from ${former.map(toName).join(', ')}, open still where its plan does`)
  terminal.print(toColumns(records.map(({ at, by, step, state, note }) => [at, by, step, `→ ${state}`, note])))
}

async function request({ client, subject, values, terminal }: About): Promise<void> {
  const { product, api, plan, team, note, 'dry-run': isDryRun } = values
  if ((product === undefined) === (api === undefined))
    throw new UsageError('what to? --product ID, or --api ID for an API alone')
  if (plan === undefined) throw new UsageError('on which plan? --plan ID')
  const said = {
    plan,
    ...(product !== undefined && { product }),
    ...(api !== undefined && { api }),
    ...(team !== undefined && { team }),
    ...(note !== undefined && { note }),
  }
  const { body } = await client.ask('requestSubscription', { params: toApiPlace(subject), body: said, isDryRun })
  tell(body, values, terminal)
  if (body.state === 'requested' && !values.json) terminal.complain('It waits until somebody who sells it approves it.')
}

type StepName =
  | 'approveSubscription'
  | 'activateSubscription'
  | 'suspendSubscription'
  | 'resumeSubscription'
  | 'endSubscription'

/** What who sells does with one. */
function defineStep(operation: StepName): Action {
  return {
    options: ['note', 'dry-run'],
    subject: 'UID',
    async run({ client, subject: uid, values, terminal }) {
      const { note, 'dry-run': isDryRun } = values
      const said = note === undefined ? {} : { note }
      const { body } = await client.ask(operation, { params: { uid }, body: said, isDryRun })
      tell(body, values, terminal)
    },
  }
}

function tell(made: Subscription, values: SubscriptionsValues, terminal: Terminal): void {
  const isDryRun = values['dry-run']
  if (values.json) terminal.print(JSON.stringify({ dryRun: isDryRun, ...made }, null, 2))
  else terminal.print(`${made.uid} ${isDryRun ? 'would be' : 'is'} ${made.state}`)
}

/** Whose app it is may do so without selling anything. */
async function giveUp({ client, subject: uid, values, terminal }: About): Promise<void> {
  const { app } = (await client.ask('getSubscription', { params: { uid } })).body
  if (app.team === undefined || app.id === undefined)
    throw new UsageError(`the app of ${uid} is gone, and so it is over`)
  const isDryRun = values['dry-run']
  await client.ask('giveUpSubscription', { params: { team: app.team, id: app.id, uid }, isDryRun })
  if (values.json) terminal.print(JSON.stringify({ dryRun: isDryRun, uid, state: 'ended' }))
  else terminal.print(`${uid} ${isDryRun ? 'would have' : 'has'} ended`)
}

async function move({ client, subject, values, terminal }: About): Promise<void> {
  const { to, plan, json, 'dry-run': isDryRun } = values
  if (to === undefined) throw new UsageError('where to? --to ID')
  const said = { to, ...(plan !== undefined && { plan }) }
  const { body } = await client.ask('moveSubscriptions', { params: toApiPlace(subject), body: said, isDryRun })
  if (json) return terminal.print(JSON.stringify({ dryRun: isDryRun, ...body }, null, 2))
  if (body.moves.length === 0)
    terminal.print(`There are none to ${subject} itself. Those to products follow what these sell.`)
  else
    terminal.print(
      toColumns(body.moves.map((each) => [each.subscription, each.app, each.outcome, `plan ${each.plan ?? '-'}`])),
    )
  for (const { subscription, note } of body.moves) if (note !== undefined) terminal.complain(`${subscription}: ${note}`)
}
