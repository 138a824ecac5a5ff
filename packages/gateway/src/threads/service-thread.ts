/** Owns the service thread: what must happen once per process, and not on every data thread. The worker's entry; main tells it what to watch and keep. */
import { parentPort } from 'node:worker_threads'
import { EgressGuards } from '../egress/egress-guard.ts'
import type { StapleKeeper } from '../ocsp/staple-keeper.ts'
import type { StapleNews } from '../ocsp/staple-order.ts'
import { openHealth } from '../state/health/health-table.ts'
import { openPems } from '../state/pems/pem-table.ts'
import { createSystemClock } from '../timers/system-clock.ts'
import { HealthProber } from '../upstream/health/health-prober.ts'
import { probe } from '../upstream/health/probe.ts'
import type { CertificateService } from './certificate-service.ts'
import type { FromService, ToService } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('service-thread.ts is the entry of a worker thread')

const say = (message: FromService): void => port.postMessage(message)
const write = (level: 'info' | 'warn' | 'error') => (message: string, facts?: Readonly<Record<string, unknown>>) =>
  say({ kind: 'log', level, message, ...(facts && { facts }) })
const log = { info: write('info'), warn: write('warn'), error: write('error') }
const clock = createSystemClock()

const prober = new HealthProber({ probe, clock, log, random: Math.random })
const guards = new EgressGuards()
let certificates: Promise<CertificateService> | undefined
let staples: Promise<StapleKeeper> | undefined

/** Loaded for those who order certificates, and for nobody else. */
function openCertificates(folder: string): Promise<CertificateService> {
  certificates ??= import('./certificate-service.ts').then((module) =>
    module.CertificateService.open(folder, { say, clock, log }),
  )
  return certificates
}

/** Likewise: what reads and writes DER takes a while to load, and memory. */
function openStaples(): Promise<StapleKeeper> {
  const publish = (news: readonly StapleNews[]): void => say({ kind: 'staples', news })
  staples ??= import('../ocsp/staple-keeper.ts').then(
    (module) => new module.StapleKeeper({ publish, clock, log, random: Math.random }),
  )
  return staples
}

async function onMessage(message: ToService): Promise<void> {
  switch (message.kind) {
    case 'watch':
      prober.watch(message, openHealth(message.health), openPems(message.pems))
      break
    case 'keep':
      await openCertificates(message.folder).then((service) => service.keep(message.orders, guards.get(message.egress)))
      break
    case 'staple':
      await openStaples().then((keeper) =>
        keeper.keep(message.orders, openPems(message.pems), guards.get(message.egress)),
      )
      break
    case 'challenged':
      await certificates?.then((service) => service.onChallenged(message.number))
      break
    case 'stop':
      prober.stop()
      await staples?.then((keeper) => keeper.stop())
      await certificates?.then((service) => service.stop())
      say({ kind: 'stopped' })
      break
  }
}

port.on('message', (message: ToService) => {
  onMessage(message).catch((error) => log.error('the service thread cannot do as it is told', { error: String(error) }))
})
