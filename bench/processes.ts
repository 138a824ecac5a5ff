// Owns the processes a run starts: where they run, when they answer, and that each is ended by its own id.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { get as getOverTls } from 'node:https'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendantsOf } from './process-cpu.ts'

export interface Running {
  readonly pid: number
  /** What the process has printed so far, both streams. */
  output(): string
  stop(): Promise<void>
}

export interface StartOptions {
  /** Where stdout and stderr go (`<dir>/<name>.out`). */
  dir: string
  name: string
  /** A `taskset` list such as "1"; absent: any core. */
  cores?: string | undefined
  env?: Record<string, string>
  cwd?: string
}

const living = new Set<ChildProcess>()
const folders = new Set<string>()

process.on('exit', () => {
  for (const child of living) endGroup(child, 'SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** A folder under the system's temp folder, removed when the bench ends. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-'))
  folders.add(folder)
  return folder
}

/** The full path of a command, also in the sbin folders that an ordinary user's PATH leaves out. */
export function findCommand(command: string): string | undefined {
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  for (const folder of path) {
    const file = join(folder, command)
    try {
      closeSync(openSync(file, 'r'))
      return file
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** What a command says of its version, on whichever stream it says it. */
export function readVersion(command: string, args: string[], pattern: RegExp): string {
  const script = '"$0" "$@" 2>&1 || true' // wrk exits with 1 after printing its version
  const text = execFileSync('/bin/sh', ['-c', script, command, ...args], { encoding: 'utf8' })
  return pattern.exec(text)?.[1] ?? 'unknown version'
}

export function start(command: string, args: string[], options: StartOptions): Running {
  const log = join(options.dir, `${options.name}.out`)
  const file = openSync(log, 'a')
  const [bin, argv] = options.cores ? ['taskset', ['-c', options.cores, command, ...args]] : [command, args]
  const child = spawn(bin, argv, {
    stdio: ['ignore', file, file],
    detached: true, // its own process group, so that stop() reaches its children and nobody else's
    env: { ...process.env, ...options.env },
    cwd: options.cwd ?? options.dir,
  })
  closeSync(file)
  living.add(child)
  child.on('exit', () => living.delete(child))
  child.on('error', () => living.delete(child))
  if (child.pid === undefined) throw new Error(`cannot start ${command}`)
  return { pid: child.pid, output: () => readFileSync(log, 'utf8'), stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  const tree = descendantsOf(child.pid!)
  endGroup(child, 'SIGTERM')
  const patience = setTimeout(() => endGroup(child, 'SIGKILL'), 3000)
  await exited
  clearTimeout(patience)
  // Varnish and nginx put children into the same group, but a child that changed its group would outlive it.
  for (const pid of tree) endProcess(pid)
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // Already gone.
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}

export interface Asked {
  status: number
  body: string
}

export function ask(url: string, headers: Record<string, string> = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const isOverTls = url.startsWith('https:')
    const options = { headers, agent: false, timeout: 2000 } as const
    // Certificates here are signed by themselves: it is the load that is measured, not the trust.
    const send = isOverTls
      ? (take: (response: IncomingMessage) => void) => getOverTls(url, { ...options, rejectUnauthorized: false }, take)
      : (take: (response: IncomingMessage) => void) => get(url, options, take)
    const request = send((response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer in 2 s')))
    request.on('error', reject)
  })
}

/** Asks until the answer is a 200; says what the process printed when that does not happen in time. */
export async function waitUntilAnswering(
  running: Running,
  url: string,
  headers?: Record<string, string>,
): Promise<void> {
  const deadline = performance.now() + 20_000
  let last = 'nothing'
  while (performance.now() < deadline) {
    try {
      const { status, body } = await ask(url, headers)
      if (status === 200) return
      last = `status ${status}: ${body.slice(0, 300)}`
    } catch (error) {
      last = String(error)
    }
    if (!isAlive(running.pid)) break
    await sleep(5)
  }
  throw new Error(`${url} does not answer (${last}). Printed:\n${running.output().slice(-2000)}`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
