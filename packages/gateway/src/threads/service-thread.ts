/** Owns the service thread: what must happen once per process, and not on every data thread. The worker's entry; main tells it what to watch. */
import { parentPort } from 'node:worker_threads'
import { openHealth } from '../state/health/health-table.ts'
import { createSystemClock } from '../timers/system-clock.ts'
import { HealthProber } from '../upstream/health/health-prober.ts'
import { probe } from '../upstream/health/probe.ts'
import type { FromService, ToService } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('service-thread.ts is the entry of a worker thread')

const say = (message: FromService): void => port.postMessage(message)
const log = (level: 'info' | 'warn' | 'error') => (message: string, facts?: Readonly<Record<string, unknown>>) =>
  say({ kind: 'log', level, message, ...(facts && { facts }) })

const prober = new HealthProber({
  probe,
  clock: createSystemClock(),
  log: { info: log('info'), warn: log('warn'), error: log('error') },
  random: Math.random,
})

port.on('message', ({ upstreams, health }: ToService) => {
  prober.watch(upstreams, openHealth(health))
})
