// Owns what the kernel counts for a process and all its descendants: CPU time and resident memory.
import { readdirSync, readFileSync } from 'node:fs'

/** Seconds of CPU time. The kernel reports them in ticks of 10 ms, so a window must be seconds long. */
export interface CpuSeconds {
  user: number
  system: number
}

const TICKS_PER_SECOND = 100 // USER_HZ, fixed at 100 on every Linux architecture Node runs on (proc(5))

interface Stat {
  pid: number
  parent: number
  user: number
  system: number
}

export function readCpu(root: number): CpuSeconds {
  const cpu = { user: 0, system: 0 }
  for (const stat of treeOf(root)) {
    cpu.user += stat.user / TICKS_PER_SECOND
    cpu.system += stat.system / TICKS_PER_SECOND
  }
  return cpu
}

/** Resident memory of the tree in MB; pages shared by several processes count once for each of them. */
export function readMemoryMb(root: number): number {
  let kilobytes = 0
  for (const { pid } of treeOf(root)) {
    const status = readProc(`/proc/${pid}/status`)
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
  }
  return kilobytes / 1024
}

export function descendantsOf(root: number): number[] {
  return treeOf(root)
    .map((stat) => stat.pid)
    .filter((pid) => pid !== root)
}

function treeOf(root: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
  const tree = all.filter((stat) => stat.pid === root)
  for (const member of tree) tree.push(...all.filter((stat) => stat.parent === member.pid)) // grows while it is walked
  return tree
}

function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  if (text === '') return undefined
  // proc(5): the second field is the command in brackets and may hold spaces; state (field 3) follows the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  // cutime and cstime hold what children that ended and were waited for had used.
  return { pid, parent: field(4), user: field(14) + field(16), system: field(15) + field(17) }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // the process ended between listing and reading
  }
}
