/** Owns what a run of cases is told as: lines for people, JUnit XML for build servers. */
import { type Finding, toFindingText } from '@gatewright/model'
import { toPlaceText } from '../route-uses.ts'
import type { CaseResult, Failure, FileResult } from './run-cases.ts'

export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function toSummary(files: readonly FileResult[]): Summary {
  const outcomes = files.flatMap(({ cases }) => cases.map(({ outcome }) => outcome))
  const count = (outcome: CaseResult['outcome']): number => outcomes.filter((each) => each === outcome).length
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
}

const MARKS = { passed: '✓', failed: '✗', skipped: '-' } as const

export function toReport(files: readonly FileResult[], durationMs: number): string {
  const { passed, failed, skipped } = toSummary(files)
  const counts = [`${passed} passed`, `${failed} failed`, ...(skipped === 0 ? [] : [`${skipped} skipped`])]
  return [...files.flatMap(toFileLines), '', `${counts.join(', ')}, in ${Math.ceil(durationMs)} ms.`].join('\n')
}

function toFileLines({ file, cases }: FileResult): string[] {
  return [
    file,
    ...cases.flatMap(({ name, outcome, why, failure }) => [
      `  ${MARKS[outcome]} ${name}${outcome === 'skipped' ? ` (skipped${why === '' ? '' : `: ${why}`})` : ''}`,
      ...(failure === undefined ? [] : toFailureLines(failure).map((line) => `      ${line}`)),
    ]),
  ]
}

export function toFailureLines({ step, repetition, request, differences, facts }: Failure): string[] {
  const repeated = repetition === undefined ? '' : `, request ${repetition}`
  return [
    `step ${step}${repeated}: ${request}`,
    ...differences.flatMap(({ what, expected, actual, at }) => [
      `${toPlaceText(at)}: ${what}`,
      `  expected ${expected}`,
      `  actual   ${actual}`,
    ]),
    ...facts.map((fact) => `  ${fact}`),
  ]
}

/** The dialect that Jenkins, GitLab and most others read. */
export function toJunit(files: readonly FileResult[], durationMs: number): string {
  const { failed, passed, skipped } = toSummary(files)
  const counts = `tests="${passed + failed + skipped}" failures="${failed}" skipped="${skipped}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gatewright test" ${counts} time="${toSeconds(durationMs)}">`,
    ...files.flatMap(toSuiteLines),
    '</testsuites>',
    '',
  ].join('\n')
}

/** No case ran: an error for each fault, so that the build says why. */
export function toFaultJunit(faults: readonly Finding[]): string {
  const files = [...new Set(faults.map(({ at }) => at.file))]
  const counts = (count: number): string => `tests="${count}" failures="0" errors="${count}" skipped="0" time="0.000"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="gatewright test" ${counts(faults.length)}>`,
    ...files.flatMap((file) => {
      const own = faults.filter(({ at }) => at.file === file)
      return [
        `  <testsuite name="${escapeXml(file)}" ${counts(own.length)}>`,
        ...own.flatMap(toErrorLines),
        '  </testsuite>',
      ]
    }),
    '</testsuites>',
    '',
  ].join('\n')
}

function toErrorLines(fault: Finding): string[] {
  const { file, line } = fault.at
  const facts = `name="can run" classname="${escapeXml(file)}" file="${escapeXml(file)}" line="${line}" time="0.000"`
  return [
    `    <testcase ${facts}>`,
    `      <error message="${escapeXml(fault.message)}">${escapeXml(toFindingText(fault))}</error>`,
    '    </testcase>',
  ]
}

function toSuiteLines(result: FileResult): string[] {
  const { failed, passed, skipped } = toSummary([result])
  const durationMs = result.cases.reduce((sum, { durationMs: each }) => sum + each, 0)
  const counts = `tests="${passed + failed + skipped}" failures="${failed}" skipped="${skipped}"`
  return [
    `  <testsuite name="${escapeXml(result.file)}" ${counts} time="${toSeconds(durationMs)}">`,
    ...result.cases.flatMap((each) => toCaseLines(each, result.file)),
    '  </testsuite>',
  ]
}

function toCaseLines({ name, at, outcome, why, failure, durationMs }: CaseResult, file: string): string[] {
  const facts = `name="${escapeXml(name)}" classname="${escapeXml(file)}" file="${escapeXml(at.file)}" line="${at.line}"`
  const open = `    <testcase ${facts} time="${toSeconds(durationMs)}"`
  if (outcome === 'skipped') return [`${open}><skipped message="${escapeXml(why)}"/></testcase>`]
  const first = failure?.differences[0]
  if (failure === undefined || first === undefined) return [`${open}/>`]
  const message = `${first.what}: expected ${first.expected}, actual ${first.actual}`
  return [
    `${open}>`,
    `      <failure message="${escapeXml(message)}">${escapeXml(toFailureLines(failure).join('\n'))}</failure>`,
    '    </testcase>',
  ]
}

function toSeconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

/** XML 1.0 §2.2 has no control characters, not even escaped. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
    .replaceAll(/[&<>"\n]/g, (character) => ENTITIES[character] ?? '')
}
