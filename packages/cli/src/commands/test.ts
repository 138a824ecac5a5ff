/** Owns `gatewright test`: users' own cases against the real pipeline, without sockets and without waiting. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Configuration, Rehearsal } from '@gatewright/gateway'
import { type Finding, hasFaults, type Sources, toFindingText } from '@gatewright/model'
import { defineCommand, UsageError } from '../command.ts'
import { CONFIG_OPTIONS, findConfig, JSON_OPTION, readConfiguration, toPath, toRunnable } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { hidePutIn } from '../hide-put-in.ts'
import { createLog } from '../log.ts'
import type { Terminal } from '../terminal.ts'
import { type CaseReading, readCases } from '../test-cases/read-cases.ts'
import { toFaultJunit, toJunit, toReport, toSummary } from '../test-cases/report.ts'
import { type FileResult, runCases } from '../test-cases/run-cases.ts'
import { writeOutput } from '../write-output.ts'

export const test = defineCommand({
  name: 'test',
  description:
    'A case is a request and what is expected of it: status, headers, body, what the upstream would have seen, which policies ran. Upstreams answer what the case says; nothing is called, and time passes only where a case says so. docs/testing.md has the format.',
  positionals: [
    {
      name: 'FILES',
      description:
        'Files of cases, or folders of them. Default: tests.yaml, and the folder tests/, beside the configuration.',
      optional: true,
      multiple: true,
    },
  ],
  options: {
    ...CONFIG_OPTIONS,
    junit: { type: 'text', value: 'FILE', description: 'Also write the results there as JUnit XML.' },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright test --config gatewright.yaml tests.yaml --junit results.xml',
    says: 'Answers exit code 1 when a case fails, with expected, actual and the line of the case.',
  },

  async run({ values, positionals }, terminal) {
    const beganMs = performance.now()
    const config = findConfig(values, terminal)
    const files = findCaseFiles(
      positionals,
      typeof config === 'string' ? dirname(config) : toPath('.', terminal),
      terminal,
    )
    const writeJunit = async (text: string): Promise<void> => {
      if (values.junit !== undefined) await writeOutput({ what: '--junit', path: values.junit, text }, terminal)
    }
    const prepared = await prepare(await readConfiguration(values, terminal), files, terminal)
    if ('faults' in prepared) {
      // A build server takes a file that is missing, or one of an earlier run, for no failure at all.
      await writeJunit(toFaultJunit(prepared.faults))
      return EXIT_CODES.faults
    }
    const results = await runAll(prepared)
    const durationMs = performance.now() - beganMs
    const summary = toSummary(results)
    if (values.json) terminal.print(JSON.stringify({ ...summary, durationMs, files: results }, null, 2))
    else terminal.print(toReport(results, durationMs))
    await writeJunit(toJunit(results, durationMs))
    return summary.failed === 0 ? EXIT_CODES.ok : EXIT_CODES.faults
  },
})

interface Prepared {
  readonly readings: readonly CaseReading[]
  readonly rehearsal: Rehearsal
  readonly sources: Sources
}

/** What can run; or else every fault, told on stderr too. */
async function prepare(
  configuration: Configuration,
  files: readonly string[],
  terminal: Terminal,
): Promise<Prepared | { readonly faults: readonly Finding[] }> {
  const isFault = ({ severity }: Finding): boolean => severity === 'fault'
  const runnable = toRunnable(configuration, terminal)
  if (runnable === undefined) return { faults: configuration.findings.filter(isFault) }
  const readings = files.map((path) => readCases({ path, text: readFileSync(path, 'utf8') }))
  const findings = readings.flatMap((reading) => reading.findings)
  for (const finding of findings) terminal.complain(toFindingText(finding))
  if (hasFaults(findings)) return { faults: findings.filter(isFault) }
  const { model, apps, extensions, policyFiles, resolution } = runnable
  const { sources } = resolution
  const log = createLog((line) => terminal.complain(sources.hide(line.trimEnd())))
  try {
    const parts = { model, apps, extensions, files: policyFiles.shared, log, startMs: Date.now() }
    return { readings, rehearsal: await Rehearsal.create(parts), sources }
  } catch (thrown) {
    const why = sources.hide(thrown instanceof Error ? thrown.message : String(thrown))
    const message = `The configuration cannot run: ${why}`
    terminal.complain(message)
    return { faults: [{ severity: 'fault', code: 'cannot-run', message, at: sources.find([]) }] }
  }
}

async function runAll({ readings, rehearsal, sources }: Prepared): Promise<FileResult[]> {
  const results: FileResult[] = []
  for (const reading of readings) results.push(await runCases(reading, rehearsal))
  // An answer holds what was put into options, and would show it where it was not expected.
  return hidePutIn(results, sources)
}

/** @throws UsageError when there is none. */
function findCaseFiles(given: readonly string[], beside: string, terminal: Terminal): string[] {
  const places =
    given.length > 0
      ? given.map((path) => toPath(path, terminal))
      : ['tests.yaml', 'tests.yml', 'tests'].map((name) => join(beside, name))
  const files = places.flatMap((path) => {
    if (existsSync(path)) return statSync(path).isDirectory() ? listCaseFiles(path) : [path]
    if (given.length > 0) throw new UsageError(`there is no file or folder ${path}`)
    return []
  })
  if (files.length > 0) return files
  throw new UsageError(`there are no cases: write ${join(beside, 'tests.yaml')}, or name a file`)
}

function listCaseFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.(?:ya?ml|json)$/.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name))
}
