/** Owns the budgets of size: files that fit a reader's head, functions that fit a screen. */
import { glob, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { measureFunctions } from './function-lengths.ts'
import { isTestFile } from './test-files.ts'

const root = resolve(import.meta.dirname, '..')

const MOST_LINES_PER_FILE = 500
const MEDIAN_LINES_PER_FILE = 120
const MOST_LINES_PER_FUNCTION = 70

const faults: string[] = []
const sourceLengths: number[] = []

for await (const file of glob(['packages/*/src/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts', 'e2e/**/*.ts'], {
  cwd: root,
  exclude: (name) => name.includes('node_modules') || name.includes('.generated.'),
})) {
  const source = await readFile(join(root, file), 'utf8')
  const lines = source.split('\n').length - 1
  if (lines > MOST_LINES_PER_FILE)
    faults.push(`${file}: ${lines} lines, at most ${MOST_LINES_PER_FILE}: split it by noun`)
  // In tests, a `describe` is one function and a table is one statement: only the file's length counts there.
  if (isTestFile(file)) continue
  sourceLengths.push(lines)
  for (const { name, line, lines: length, saysWhy } of measureFunctions(source)) {
    if (length <= MOST_LINES_PER_FUNCTION || saysWhy) continue
    faults.push(
      `${file}:${line}: ${name} has ${length} lines, at most ${MOST_LINES_PER_FUNCTION}: split it, or say why in a comment "// long: …" on the line above`,
    )
  }
}

sourceLengths.sort((a, b) => a - b)
const median = sourceLengths[sourceLengths.length >> 1] ?? 0
if (median > MEDIAN_LINES_PER_FILE) {
  faults.push(`half of all files have more than ${median} lines, at most ${MEDIAN_LINES_PER_FILE}`)
}

for (const fault of faults) process.stdout.write(`${fault}\n`)
process.stdout.write(
  `${sourceLengths.length} source files, median ${median} lines, longest ${sourceLengths.at(-1) ?? 0}\n`,
)
process.exitCode = faults.length === 0 ? 0 : 1
