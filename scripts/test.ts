/**
 * Owns how all tests are run: `npm test`, or `npm test -- FILE…`. Each file is a process of its own, and what one has compiled the next
 * one reads.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const FOLDERS = ['packages', 'scripts', 'bench', 'examples', 'e2e']
/** Whatever hangs ends so late, with the name of what hung. */
const TIMEOUT_MS = 300_000
/** The longest wait for others for half of their time: for gateways that start, for browsers, for disks. */
const MORE_THAN_CORES = 3

const given = process.argv.slice(2)
const files = given.some((each) => !each.startsWith('-')) ? [] : FOLDERS.map((folder) => `${folder}/**/*.test.ts`)
const options = [`--test-timeout=${TIMEOUT_MS}`, `--test-concurrency=${availableParallelism() + MORE_THAN_CORES}`]
const tests = spawn(process.execPath, ['--test', ...options, ...given, ...files], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compiled'), ...process.env },
})
tests.on('exit', (code) => {
  process.exitCode = code ?? 1
})
