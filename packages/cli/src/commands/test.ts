/** Owns `gatewright test`: users' own cases against the real pipeline, without sockets and without waiting. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Rehearsal } from '@gatewright/gateway'
import { hasFaults, toFindingText } from '@gatewright/model'
import { defineCommand, UsageError } from '../command.ts'
import { CONFIG_OPTIONS, findConfig, JSON_OPTION, type Runnable, readFaultless, toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { createLog } from '../log.ts'
import type { Terminal } from '../terminal.ts'
import { type CaseReading, readCases } from '../test-cases/read-cases.ts'
import { toJunit, toReport, toSummary } from '../test-cases/report.ts'
import { type FileResult, runCases } from '../test-cases/run-cases.ts'

export const test = defineCommand({
  name: 'test',
  summary: 'Run your own cases against the real pipeline, without sockets.',
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
    const runnable = await readFaultless(values, terminal)
    if (runnable === undefined) return EXIT_CODES.faults
    const readings = files.map((path) => readCases({ path, text: readFileSync(path, 'utf8') }))
    const findings = readings.flatMap((reading) => reading.findings)
    for (const finding of findings) terminal.complain(toFindingText(finding))
    if (hasFaults(findings)) return EXIT_CODES.faults
    const results = await runAll(readings, runnable, terminal)
    if (results === undefined) return EXIT_CODES.faults
    const durationMs = performance.now() - beganMs
    if (values.junit !== undefined) await writeFile(resolve(terminal.cwd, values.junit), toJunit(results, durationMs))
    const summary = toSummary(results)
    if (values.json) terminal.print(JSON.stringify({ ...summary, durationMs, files: results }, null, 2))
    else terminal.print(toReport(results, durationMs))
    return summary.failed === 0 ? EXIT_CODES.ok : EXIT_CODES.faults
  },
})

async function runAll(
  readings: readonly CaseReading[],
  { model, apps, extensions }: Runnable,
  terminal: Terminal,
): Promise<FileResult[] | undefined> {
  const log = createLog((line) => terminal.complain(line.trimEnd()))
  let rehearsal: Rehearsal
  try {
    rehearsal = await Rehearsal.create({ model, apps, extensions, log, startMs: Date.now() })
  } catch (fault) {
    terminal.complain(`The configuration cannot run: ${fault instanceof Error ? fault.message : String(fault)}`)
    return undefined
  }
  const results: FileResult[] = []
  for (const reading of readings) results.push(await runCases(reading, rehearsal))
  return results
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
