// Owns the circumstances of a run: hardware, kernel, date and the versions of everything that took part.
import { cpus, release, totalmem, type } from 'node:os'
import type { Peer } from './peers/peer.ts'
import { findCommand, readVersion } from './processes.ts'

export interface Machine {
  date: string
  cpu: string
  cores: number
  memoryGb: number
  kernel: string
  command: string
  placement: string
  versions: Record<string, string>
  skipped: string[]
}

export function describeMachine(peers: Peer[], run: { command: string; placement: string }): Machine {
  const versions: Record<string, string> = { Node: process.versions.node }
  const wrk = findCommand('wrk')
  if (wrk) versions.wrk = readVersion(wrk, ['-v'], /wrk (?:debian\/)?(\S+)/)
  const skipped: string[] = []
  for (const peer of peers) {
    const version = peer.findVersion()
    if (version === undefined) skipped.push(peer.name)
    else versions[peer.name] = version
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    versions,
    skipped,
    ...run,
  }
}
