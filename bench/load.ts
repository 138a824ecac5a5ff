// Owns the load: one wrk run against one port, every answer checked, with the gateway's CPU time beside it.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readCpu, readMemoryMb } from './process-cpu.ts'
import { findCommand } from './processes.ts'

export interface Load {
  paths: string[]
  headers?: Record<string, string>
  /** The answer every request must get, or only its length where comparing would cost the load too much. */
  expect: { body: string } | { bodyBytes: number }
  connections: number
  seconds: number
  cores?: string | undefined
  dir: string
}

/** Times in microseconds, memory in MB, `bytes` with heads. */
export interface Sample {
  requests: number
  requestsPerSecond: number
  bytes: number
  seconds: number
  p50Us: number
  p99Us: number
  userUs: number
  systemUs: number
  cpuUs: number
  cpuSeconds: number
  memoryMb: number
  /** Unexpected answers, refused or broken connections and time-outs; a sample that has any does not count. */
  failed: number
  fault?: string
}

/** With Host and Connection the eight fields a browser's fetch of JSON carries at least. */
export const BROWSER_HEADERS = {
  Connection: 'keep-alive',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  Accept: 'application/json, text/plain, */*',
  'Accept-Language': 'en-GB,en;q=0.7,de;q=0.3',
  'Accept-Encoding': 'gzip, deflate, br',
  Referer: 'https://shop.example.com/orders/list?page=2',
  Cookie: 'session=2f1c9a7e0b5d4c3386aa; theme=dark; consent=yes',
}

const WRK_SCRIPT = join(import.meta.dirname, 'wrk.lua')

export async function runLoad(target: { pid: number; port: number }, load: Load): Promise<Sample> {
  const wrk = findCommand('wrk')
  if (wrk === undefined) throw new Error('wrk is not on PATH: install it (Debian: apt install wrk)')
  const plan = join(load.dir, 'plan.lua')
  writeFileSync(plan, toLua(load))
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '5s', '-s', WRK_SCRIPT]
  const command = [wrk, ...args, `http://127.0.0.1:${target.port}`]
  const before = readCpu(target.pid)
  const [bin, argv] = load.cores ? ['taskset', ['-c', load.cores, ...command]] : [command[0]!, command.slice(1)]
  const { stdout } = await promisify(execFile)(bin, argv, { env: { ...process.env, BENCH_PLAN: plan } })
  const after = readCpu(target.pid)
  const cpu = { user: after.user - before.user, system: after.system - before.system }
  return toSample(stdout, cpu, readMemoryMb(target.pid))
}

function toSample(stdout: string, cpu: { user: number; system: number }, memoryMb: number): Sample {
  const line = stdout.split('\n').find((text) => text.startsWith('RESULT\t'))
  if (line === undefined) throw new Error(`wrk printed no result:\n${stdout}`)
  const [, ...fields] = line.split('\t')
  const [requests, micros, bytes, p50Us, p99Us, unexpected, connect, broken, timeout] = fields.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const failed = unexpected + connect + broken + timeout
  const seconds = micros / 1e6
  const sample: Sample = {
    requests,
    requestsPerSecond: requests / seconds,
    bytes,
    seconds,
    p50Us,
    p99Us,
    userUs: (cpu.user * 1e6) / requests,
    systemUs: (cpu.system * 1e6) / requests,
    cpuUs: ((cpu.user + cpu.system) * 1e6) / requests,
    cpuSeconds: cpu.user + cpu.system,
    memoryMb,
    failed,
  }
  if (requests === 0) sample.fault = 'no answers'
  if (failed > 0) {
    sample.fault = `${unexpected} unexpected answers (first: ${fields[9]}), ${connect} connects failed, ${broken} connections broke, ${timeout} time-outs`
  }
  return sample
}

function toLua(load: Load): string {
  const headers = Object.entries({ ...BROWSER_HEADERS, ...load.headers })
  return [
    'return {',
    `  paths = { ${load.paths.map(quote).join(', ')} },`,
    `  headers = { ${headers.map(([name, value]) => `[${quote(name)}] = ${quote(value)}`).join(', ')} },`,
    'body' in load.expect ? `  body = ${quote(load.expect.body)},` : `  length = ${load.expect.bodyBytes},`,
    '}',
  ].join('\n')
}

/** A Lua string literal of plain ASCII text. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
