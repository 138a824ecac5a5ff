/** Owns what a step of applying a folder is: one request, what it is about, and what it would change. */
import type { SourceFile } from '@gatewright/model'
import { type NamedChange, toWaitingText } from '../live/change-name.ts'
import { explainFailure } from '../servers/on-server.ts'
import { toPlacedLines } from './place-faults.ts'

export type StepAction = 'keep' | 'make' | 'change' | 'revise' | 'publish' | 'take out' | 'remove'

export interface Step {
  readonly action: StepAction
  /** The path of a file, or `live.yaml: dev: main/orders`. */
  readonly subject: string
  /** What becomes of what, where that is known without asking. */
  readonly changes: readonly string[]
  /** Subjects of steps before it: where one of them failed, it would do something else than it is for. */
  readonly needs?: readonly string[]
  /** What is sent, as it stands on disk. */
  readonly file?: SourceFile | undefined
  /** Lines that say what would become of what. @rejects ClientProblem */
  tryOut?(): Promise<readonly string[]>
  /** Lines that say which gateways do not run it. @rejects ClientProblem */
  run(): Promise<readonly string[]>
}

/** What was asked, and is not done before others have approved it. */
export class WaitsForOthers extends Error {
  override readonly name = 'WaitsForOthers'
}

/** Lines for people, with their places where the file is at fault; undefined: it is a mistake of ours. */
export function explainStep(error: unknown, { file }: Step, url: string): readonly string[] | undefined {
  return (file && toPlacedLines(error, file)) ?? explainFailure(error, url)
}

interface Answered {
  readonly status: number
  readonly body: unknown
}

/** `place`: whose change it is where the answer says its number alone. @throws WaitsForOthers */
export function assertDone({ status, body }: Answered, place?: Omit<NamedChange, 'number'>): void {
  if (status !== 202) return
  const said = body as { readonly environment: string; readonly number: number } | { readonly change: number }
  if ('number' in said)
    throw new WaitsForOthers(toWaitingText({ environment: said.environment, team: '', number: said.number }))
  throw new WaitsForOthers(toWaitingText({ environment: '', team: '', ...place, number: said.change }))
}

export interface Plan {
  readonly steps: readonly Step[]
  /** What the folder does not have, and is left alone. */
  readonly spared: readonly string[]
  /** What the folder wants, and cannot be. */
  readonly faults: readonly string[]
}

interface SaidNode {
  readonly node: string
  readonly state: string
  readonly fault?: string
}

interface SaidRollout {
  readonly releases: readonly unknown[]
  readonly nodes: readonly SaidNode[]
}

/** Lines, one for each that does not run what was made live; those whose groups run other things are not to, but one has to. */
export function toNodeFaults({ releases, nodes }: SaidRollout, environment: string): readonly string[] {
  const concerned = nodes.filter(({ state }) => state !== 'elsewhere')
  if (concerned.length === 0 && nodes.length > 0 && releases.length > 0) {
    return [`no node runs ${environment}: the groups of all that were heard from run other things; see node groups`]
  }
  return concerned
    .filter(({ state }) => state !== 'serves')
    .map(({ node, fault }) => `node ${node} does not run it: ${fault ?? 'it has not said so yet'}`)
}
