/** Owns what the verbs that change what is live have in common: how they name it, what they answer, and when that is a fault. */
import type { Operations } from '@gatewright/client'
import type { Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { toText } from '../folder/compare-releases.ts'
import { toApiPlace } from '../folder/live-file.ts'
import { toNodeFaults } from '../folder/step.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toWaitingText } from './change-name.ts'
import { toLifecycleText, toSuccessionLines } from './tell-lifecycle.ts'

export const API_POSITIONAL = { name: 'API', description: 'Its id; `team/id` where its team is not main.' } as const

export const DEPLOYING_OPTIONS = {
  ...SERVER_OPTIONS,
  message: { type: 'text', short: 'm', value: 'TEXT', description: 'Why, for those who come later.' },
  wait: {
    type: 'integer',
    value: 'SECONDS',
    min: 0,
    max: 30,
    description: 'For nodes to say that they serve it. Default: 2.',
  },
  'dry-run': { type: 'switch', description: 'Do everything, show what it came to, and undo it.' },
  json: JSON_OPTION,
} as const

export type DeployingValues = Values<typeof DEPLOYING_OPTIONS>

type Answer = Operations['publish']['answer']

/** What is asked of the control plane, with what all verbs say. */
export interface Ask {
  readonly params: { readonly environment: string; readonly team: string; readonly id: string }
  readonly query: { readonly wait?: number }
  readonly message: string
  readonly isDryRun: boolean
}

interface Wanted {
  readonly api: string
  readonly environment: string
  act(client: Server['client'], ask: Ask): Promise<{ readonly status: number; readonly body: Answer }>
}

/** Waits until it is known who serves it; exit code 1 where a gateway does not. */
export async function deployBy(
  values: DeployingValues,
  terminal: Terminal,
  { api, environment, act }: Wanted,
): Promise<number> {
  return await onServer(values, terminal, async ({ client }) => {
    const isDryRun = values['dry-run']
    const params = { ...toApiPlace(api), environment }
    const query = values.wait === undefined ? {} : { wait: values.wait }
    const { status, body } = await act(client, { params, query, message: values.message ?? '', isDryRun })
    const isWaiting = status === 202
    const faults = isDryRun || isWaiting ? [] : toNodeFaults(body, environment)
    if (values.json) terminal.print(JSON.stringify({ api, environment, dryRun: isDryRun, ...body }, null, 2))
    else for (const line of toLines(body, { api, environment, isDryRun, isWaiting })) terminal.print(line)
    for (const warning of body.succession?.warnings ?? []) terminal.complain(warning)
    if (!isDryRun && !isWaiting && body.nodes.length === 0 && body.releases.length > 0) {
      terminal.complain('nobody serves it yet: no node was heard from in the last minutes')
    }
    for (const fault of faults) terminal.complain(fault)
    if (faults.length > 0) return EXIT_CODES.faults
    return isWaiting && !isDryRun ? EXIT_CODES.waits : EXIT_CODES.ok
  })
}

interface Said {
  readonly api: string
  readonly environment: string
  readonly isDryRun: boolean
  readonly isWaiting: boolean
}

function toLines(answer: Answer, { api, environment, isDryRun, isWaiting }: Said): readonly string[] {
  const { releases, version, nodes, lifecycle, succession, change, preview } = answer
  const verb = isDryRun || isWaiting ? 'would be' : 'is'
  const what = releases.length === 0 ? `out of ${environment}` : `live in ${environment}: ${toText(releases)}`
  const end = lifecycle === undefined ? [] : [toLifecycleText(lifecycle)]
  const next = succession === undefined ? [] : toSuccessionLines(succession)
  const shown = preview === undefined ? [] : toPreviewLines(preview)
  if (isWaiting) {
    const { team, id } = toApiPlace(api)
    const waits = toWaitingText({ environment, team, api: id, number: change ?? 0 })
    return [`${api} ${verb} ${what}`, ...end, ...next, ...(isDryRun ? [] : [...shown, waits])]
  }
  const serving = nodes.filter(({ state }) => state === 'serves').map(({ node }) => node)
  return [
    `${api} ${verb} ${what} (version ${version})`,
    ...end,
    ...next,
    ...(isDryRun ? [] : shown),
    ...(serving.length === 0 ? [] : [`served by ${serving.join(', ')}`]),
  ]
}

function toPreviewLines({ token, revision, expires }: NonNullable<Answer['preview']>): readonly string[] {
  return [
    `until ${expires} revision ${revision} answers to who sends this, which is not shown again:`,
    `  Gatewright-Preview: ${token}`,
  ]
}
