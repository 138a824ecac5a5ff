/**
 * Owns how all tests are run: `npm test`, or `npm test -- FILE…`. Each file is a process of its own that mostly loads modules or waits
 * for others, so more run than there are cores where these are few, and what one has compiled the next one reads.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const FOLDERS = ['packages', 'scripts', 'bench', 'examples', 'e2e']
/** Whatever hangs ends so late, with the name of what hung. */
const TIMEOUT_MS = 300_000

const given = process.argv.slice(2)
const files = given.some((each) => !each.startsWith('-')) ? [] : FOLDERS.map((folder) => `${folder}/**/*.test.ts`)
const options = [`--test-timeout=${TIMEOUT_MS}`, `--test-concurrency=${Math.max(3, availableParallelism() - 1)}`]
const tests = spawn(process.execPath, ['--test', ...options, ...given, ...files], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compiled'), ...process.env },
})
tests.on('exit', (code) => {
  process.exitCode = code ?? 1
})
