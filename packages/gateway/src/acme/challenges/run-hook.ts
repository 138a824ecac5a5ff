/** Owns the running of an operator's program that changes the DNS: without a shell, for a limited time, with what it says in the fault. */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Clock } from '@gatewright/policies'
import { AcmeFault } from '../acme-fault.ts'

export interface HookCall {
  /** The program and its own arguments. */
  readonly command: readonly string[]
  readonly act: 'present' | 'cleanup'
  readonly name: string
  readonly value: string
  readonly clock: Clock
}

/** What an interface of a hoster takes at its slowest. */
const HOOK_MS = 2 * 60_000
const REST_MS = 1000
/** Of what it says; the last of it tells most. */
const MOST_SAID = 2000

/** @throws AcmeFault it could not be run, failed, or took too long */
export async function runHook({ command, act, name, value, clock }: HookCall, signal: AbortSignal): Promise<void> {
  const [program = '', ...given] = command
  const child = spawn(program, [...given, act, name, value], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = collect(child.stderr)
  let isLate = false
  const kill = (): boolean => child.kill('SIGKILL')
  const callOff = clock.after(HOOK_MS, () => {
    isLate = true
    kill()
  })
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  const end = await new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`cannot be run: ${error.message}`))
    // Not `close`: what it left running may hold its stderr for ever.
    child.on('exit', (code, killedBy) => {
      if (code === 0) resolve(undefined)
      else if (isLate) resolve(`took longer than ${HOOK_MS / 1000} s and was ended`)
      else resolve(code === null ? `was ended by ${killedBy}` : `ended with ${code}`)
    })
  })
  callOff()
  signal.removeEventListener('abort', kill)
  if (end !== undefined && !signal.aborted) await readRest(child.stderr, clock)
  child.stderr.destroy()
  signal.throwIfAborted()
  if (end === undefined) return
  const words = said().trim()
  throw new AcmeFault(`the hook "${program}" (${act} ${name}) ${end}${words === '' ? '' : `: ${words}`}`, {
    remedy: `run it by hand: ${[...command, act, name, value].join(' ')}`,
  })
}

/** The last of what it said may come after its end, or never, where what it started holds the other end. */
function readRest(stderr: Readable, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (stderr.readableEnded) return resolve()
    const callOff = clock.after(REST_MS, resolve)
    stderr.on('close', () => {
      callOff()
      resolve()
    })
  })
}

function collect(stream: Readable): () => string {
  let said = ''
  stream.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-MOST_SAID)
  })
  return () => said
}
