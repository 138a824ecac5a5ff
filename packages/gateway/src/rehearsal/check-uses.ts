/** Owns the check that every policy use of a model can be made, as each thread will make it: some options are wrong only for the policy itself. */
import type { Finding, GatewayModel, PolicyUse, Sources } from '@gatewright/model'
import type { Files, PolicyDefinition, PolicyServices } from '@gatewright/policies'
import { createNestedUses, createPolicy } from '../pipeline/compile-uses.ts'
import { listUses, locate, toFinding } from '../pipeline/place-policy-fault.ts'
import { PolicyFault } from '../pipeline/policy-fault.ts'
import { CredentialsIndex, openCredentials } from '../state/credentials/credentials-index.ts'
import type { SharedFiles } from '../state/files/file-table.ts'
import { ThreadFiles } from '../state/files/thread-files.ts'
import { CaseCounters } from './case-counters.ts'
import { CaseReplays } from './case-replays.ts'
import { CaseRevocations } from './case-revocations.ts'
import { createLonelyValues, NO_CALLS, NO_DIRECTORIES } from './no-calls.ts'
import { RehearsalClock } from './rehearsal-clock.ts'

const SILENT = { info() {}, warn() {}, error() {} }

interface CheckedAgainst {
  readonly sources: Sources
  /** What policies read; nothing if absent. */
  readonly files?: SharedFiles
}

/** `model` is one without a fault. Nothing runs but `create`, with services that reach nothing. */
export function checkUses(
  model: GatewayModel,
  catalogue: readonly PolicyDefinition[],
  { sources, files }: CheckedAgainst,
): Finding[] {
  const definitions = new Map(catalogue.map((definition) => [definition.name, definition]))
  const services = toServices(model, new ThreadFiles(files))
  const uses = createNestedUses('check', { catalogue: definitions, services })
  const findings: Finding[] = []
  for (const [path, use] of listUses(model)) {
    const definition = definitions.get(use.policy)
    const fault = definition === undefined ? undefined : tryUse(definition, use, { ...services, uses })
    if (fault !== undefined) findings.push(toFinding(fault, locate(fault, path, use), sources))
  }
  return findings
}

function tryUse(definition: PolicyDefinition, use: PolicyUse, services: PolicyServices): PolicyFault | undefined {
  try {
    createPolicy(definition, use, services)
    return undefined
  } catch (error) {
    if (error instanceof PolicyFault) return error
    throw error
  }
}

function toServices({ variables }: GatewayModel, files: Files): Omit<PolicyServices, 'uses'> {
  const clock = new RehearsalClock(Date.now())
  const credentials = openCredentials(new CredentialsIndex().descriptor(), { now: () => clock.now() })
  const counters = new CaseCounters(clock)
  const shared = createLonelyValues(() => clock.now())
  const reach = { http: NO_CALLS, directories: NO_DIRECTORIES }
  const ended = { revocations: new CaseRevocations(clock), replays: new CaseReplays(clock) }
  return { clock, counters, ...ended, credentials, ...reach, shared, files, log: SILENT, variables, useId: 'check' }
}
