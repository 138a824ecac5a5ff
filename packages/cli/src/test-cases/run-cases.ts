/** Owns the running of cases against a rehearsal: one after the other, each from a fresh start. */
import type { Rehearsal, RehearsedExchange } from '@gatewright/gateway'
import type { At } from '@gatewright/model'
import type { Defaults, Expectation } from './case-schema.ts'
import { compare, type Difference } from './compare.ts'
import type { CaseReading, TestCase, TestStep } from './read-cases.ts'
import { type CaseRequest, toRequest } from './to-request.ts'

export interface Failure {
  /** From 1; of the steps of the case. */
  readonly step: number
  /** From 1; undefined: the step is not repeated. */
  readonly repetition: number | undefined
  /** `GET /orders` */
  readonly request: string
  readonly differences: readonly (Difference & { readonly at: At })[]
  /** What helps to see why; empty where there is nothing to tell. */
  readonly facts: readonly string[]
}

export interface CaseResult {
  readonly name: string
  readonly at: At
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly why: string
  readonly failure: Failure | undefined
  readonly durationMs: number
}

export interface FileResult {
  readonly file: string
  readonly cases: readonly CaseResult[]
}

export async function runCases({ file, cases, defaults }: CaseReading, rehearsal: Rehearsal): Promise<FileResult> {
  const results: CaseResult[] = []
  for (const each of cases) results.push(await runCase(each, defaults, rehearsal))
  return { file, cases: results }
}

async function runCase(testCase: TestCase, defaults: Defaults, rehearsal: Rehearsal): Promise<CaseResult> {
  const { name, at, skipped, nowMs } = testCase
  if (skipped !== undefined) return { name, at, outcome: 'skipped', why: skipped, failure: undefined, durationMs: 0 }
  const beganMs = performance.now()
  rehearsal.restart(nowMs)
  let failure: Failure | undefined
  for (const [index, step] of testCase.steps.entries()) {
    failure = await runStep(step, { number: index + 1, defaults, rehearsal })
    // What comes after builds on it, so it could only fail for the same reason.
    if (failure !== undefined) break
  }
  const durationMs = performance.now() - beganMs
  return { name, at, outcome: failure === undefined ? 'passed' : 'failed', why: '', failure, durationMs }
}

interface StepContext {
  readonly number: number
  readonly defaults: Defaults
  readonly rehearsal: Rehearsal
}

async function runStep(step: TestStep, { number, defaults, rehearsal }: StepContext): Promise<Failure | undefined> {
  const { waitSeconds = 0, repeat = 1, expect } = step.entry
  if (waitSeconds > 0) rehearsal.clock.advance(waitSeconds * 1000)
  const request = toRequest(step.entry, defaults)
  for (let repetition = 1; repetition <= repeat; repetition++) {
    const { differences, facts } = await send(request, expect, rehearsal)
    if (differences.length === 0) continue
    return {
      step: number,
      repetition: repeat === 1 ? undefined : repetition,
      request: request.line,
      differences: differences.map((difference) => ({ ...difference, at: step.at(...difference.path) })),
      facts,
    }
  }
  return undefined
}

interface Sent {
  readonly differences: readonly Difference[]
  readonly facts: readonly string[]
}

async function send(request: CaseRequest, expect: Expectation | number, rehearsal: Rehearsal): Promise<Sent> {
  try {
    const exchange = await rehearsal.send(request)
    return { differences: compare(expect, exchange), facts: toFacts(exchange) }
  } catch (thrown) {
    // A listener that is not there, a policy of the user's own that never answers: this case fails, the others go on.
    const actual = thrown instanceof Error ? thrown.message : String(thrown)
    return { differences: [{ what: 'answer', expected: 'one', actual, path: ['request'] }], facts: [] }
  }
}

/** Long bodies hide the difference. */
const SHOWN_MAX = 400

function toFacts({ api, route, policies, attempts, answer }: RehearsedExchange): string[] {
  const facts = [route === '' ? `no route matched${api === '' ? '' : ` in the API ${api}`}` : `route ${api}/${route}`]
  facts.push(policies.length === 0 ? 'no policy ran' : `policies that ran: ${policies.join(', ')}`)
  for (const { method, path, target, isRefused } of attempts)
    facts.push(isRefused ? `${method} ${path} at ${target} was refused` : `upstream saw ${method} ${path} at ${target}`)
  const body = answer?.body.toString('utf8').trim() ?? ''
  if (body !== '') facts.push(`body: ${body.length > SHOWN_MAX ? `${body.slice(0, SHOWN_MAX)}…` : body}`)
  return facts
}
