/** Owns `npm run check`: every rule of the house that needs no running, in the order in which a reader wants the failures. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')

/** Each step is an npm script of its own, so that what failed can be run alone. */
const STEPS = [
  { script: 'check:format', guards: 'format and lint', mend: 'npm run format mends most of it' },
  { script: 'check:types', guards: 'types' },
  { script: 'check:floors', guards: 'floors', mend: '.dependency-cruiser.cjs says what each rule is for' },
  { script: 'check:dead-code', guards: 'dead code' },
  { script: 'check:budgets', guards: 'budgets' },
  { script: 'check:docs', guards: 'docs', mend: 'npm run docs writes what is generated' },
] as const

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } })
const failed: string[] = []

for (const step of STEPS) {
  const startedMs = performance.now()
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', step.script], { cwd: root, encoding: 'utf8' })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  if (status === 0) {
    process.stdout.write(`ok    ${step.guards} (${seconds} s)\n`)
    continue
  }
  const hint = 'mend' in step ? `; ${step.mend}` : ''
  process.stdout.write(`${stdout}${stderr}FAIL  ${step.guards} (${seconds} s): npm run ${step.script}${hint}\n`)
  failed.push(step.guards)
  // The first failure is often the cause of the next: --all is for those who want the whole list.
  if (!values.all) break
}

process.stdout.write(failed.length === 0 ? 'Everything holds.\n' : `Failed: ${failed.join(', ')}.\n`)
process.exitCode = failed.length === 0 ? 0 : 1
