// Owns how much of the machine others used meanwhile: figures of a machine that is not ours alone say little without it.
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { toShort } from '../bars.ts'
import { readCpu } from '../process-cpu.ts'

const TICKS_PER_SECOND = 100
/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. */
const IDLE_FIELDS = [3, 4]

export class Quietness {
  readonly #startedAt = performance.now()
  readonly #busyS = readBusyS()
  readonly #ownS = readOwnS()
  readonly #load = loadavg()[0] ?? 0

  tell(): string {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const ownS = readOwnS() - this.#ownS
    const othersS = Math.max(0, readBusyS() - this.#busyS - ownS)
    const toCores = (s: number): string => toShort(s / seconds)
    return `${toShort(seconds)} s; of ${cpus().length} cores we used ${toCores(ownS)}, and others (PostgreSQL among them) ${toCores(othersS)}. Load of the machine: ${toShort(this.#load)} before, ${toShort(loadavg()[0] ?? 0)} after.`
  }
}

function readOwnS(): number {
  const { user, system } = readCpu(process.pid)
  return user + system
}

function readBusyS(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n')
  const fields = line.split(/\s+/).slice(1, 9).map(Number)
  return fields.reduce((sum, ticks, index) => (IDLE_FIELDS.includes(index) ? sum : sum + ticks), 0) / TICKS_PER_SECOND
}
