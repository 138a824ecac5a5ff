// Owns the load over TLS and HTTP/2: one h2load run against one port, every status checked, with the gateway's CPU time beside it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Sample } from './load.ts'
import { BROWSER_HEADERS } from './load.ts'
import { readCpu, readMemoryMb } from './process-cpu.ts'
import { findCommand } from './processes.ts'

export interface H2Load {
  url: string
  requests: number
  connections: number
  /** Requests in flight on each connection. */
  streams: number
  /** HTTP/1.1 over the same TLS. */
  isHttp1?: boolean
  /** A file whose content is posted with each request. */
  bodyFile?: string
  headers?: Record<string, string>
  cores?: string | undefined
}

export async function runH2Load(pid: number, load: H2Load): Promise<Sample> {
  const h2load = findCommand('h2load')
  if (h2load === undefined) throw new Error('h2load is not on PATH: install it (Debian: apt install nghttp2-client)')
  // What belongs to a connection has no place in HTTP/2.
  const { Connection: _, ...browser } = BROWSER_HEADERS
  const headers = Object.entries(load.headers ?? browser).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = ['-n', `${load.requests}`, '-c', `${load.connections}`, '-m', `${load.streams}`, '-t', '1', ...headers]
  if (load.isHttp1) args.push('--h1')
  if (load.bodyFile !== undefined) args.push('-d', load.bodyFile)
  const command = [h2load, ...args, load.url]
  const [bin, argv] = load.cores ? ['taskset', ['-c', load.cores, ...command]] : [command[0]!, command.slice(1)]
  const before = readCpu(pid)
  const { stdout } = await promisify(execFile)(bin, argv, { maxBuffer: 64 * 1024 * 1024 })
  const after = readCpu(pid)
  return toSample(stdout, { user: after.user - before.user, system: after.system - before.system }, readMemoryMb(pid))
}

function toSample(stdout: string, cpu: { user: number; system: number }, memoryMb: number): Sample {
  const read = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN)
  const requests = read(/^status codes: (\d+) 2xx/m)
  const asked = read(/^requests: (\d+) total/m)
  const failed = asked - requests
  const requestsPerSecond = read(/([\d.]+) req\/s/)
  const [, mean = '', unit = ''] = /^time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)/m.exec(stdout) ?? []
  const meanUs = Number(mean) * (unit === 'us' ? 1 : unit === 'ms' ? 1000 : 1e6)
  const sample: Sample = {
    requests,
    requestsPerSecond,
    bytes: read(/^traffic:.*?\((\d+)\) total/m),
    seconds: requests / requestsPerSecond,
    // h2load tells the mean and no quantiles.
    p50Us: meanUs,
    p99Us: Number.NaN,
    userUs: (cpu.user * 1e6) / requests,
    systemUs: (cpu.system * 1e6) / requests,
    cpuUs: ((cpu.user + cpu.system) * 1e6) / requests,
    cpuSeconds: cpu.user + cpu.system,
    memoryMb,
    failed,
  }
  if (requests === 0 || Number.isNaN(requests)) sample.fault = `no answers: ${stdout.slice(-300)}`
  else if (failed > 0) sample.fault = `${failed} of ${asked} were no 2xx`
  return sample
}
