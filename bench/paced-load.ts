// Owns the load of constant rate, in a process of its own: what is asked of it and what it reports.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BROWSER_HEADERS } from './load.ts'
import type { Setting } from './question.ts'
import { ANSWER } from './upstream.ts'

export interface Paced {
  answered: number
  /** Unexpected answers and broken connections. */
  failed: number
  /** From when a request was due. */
  p50Us: number
  p99Us: number
  /** Why this run does not count. */
  fault?: string
}

export type PacedSetting = Pick<Setting, 'seconds' | 'connections' | 'loadCores'>

/** `rate` is in requests a second; the answer to each must be the upstream's usual one. */
export async function runPaced({ port }: { port: number }, rate: number, setting: PacedSetting): Promise<Paced> {
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, ...BROWSER_HEADERS }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const command = [process.execPath, join(import.meta.dirname, 'servers', 'paced-load.ts')]
  const [bin, ...args] = setting.loadCores ? ['taskset', '-c', setting.loadCores, ...command] : command
  const { stdout } = await promisify(execFile)(bin!, args, {
    env: {
      ...process.env,
      PORT: String(port),
      RATE: String(rate),
      SECONDS: String(setting.seconds),
      CONNECTIONS: String(setting.connections),
      REQUEST: `GET /orders/1 HTTP/1.1\r\n${fields.join('')}\r\n`,
      BODY: ANSWER,
    },
  })
  const paced: Paced = JSON.parse(stdout)
  const due = Math.round(rate * setting.seconds)
  // The 64 that are on their way when time is up are no fault; a rate that is not kept is one.
  if (paced.failed > 0 || paced.answered < 0.98 * due - setting.connections) {
    paced.fault = `${paced.failed} failed, ${paced.answered} of ${due} answered in time`
  }
  return paced
}
