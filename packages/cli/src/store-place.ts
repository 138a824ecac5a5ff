/** Owns which store is meant by commands that copy one, and the words for why they do not. */
import { join } from 'node:path'
import { type AuditVerdict, CopyFault, StoreFault, StoreRefusal } from '@gatewright/control-plane'
import { UsageError } from './command.ts'
import { toPath } from './configuration.ts'
import { EXIT_CODES } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export const STORE_OPTIONS = {
  data: { type: 'text', value: 'DIR', description: 'The folder in which the control plane has its control.db.' },
  database: { type: 'text', value: 'URL', description: 'Instead of a folder: postgres://… of its database.' },
} as const

export const FORCE_OPTION = {
  type: 'switch',
  description: 'Also where there is a store already: all that it has is lost.',
} as const

interface StoreValues {
  readonly data: string | undefined
  readonly database: string | undefined
}

/** The path of a file, or `postgres://…`. @throws UsageError */
export function toStorePlace({ data, database }: StoreValues, terminal: Terminal): string {
  if ((data === undefined) === (database === undefined)) {
    throw new UsageError('name one store: a folder with --data, or a database with --database')
  }
  return database === undefined ? toFile(data ?? '', terminal) : assertUrl('--database', database)
}

/** `DIR` or `postgres://…`, as `move` has them. @throws UsageError */
export function toMovePlace(option: string, given: string | undefined, terminal: Terminal): string {
  if (given === undefined) throw new UsageError('name both ends: --from DIR|URL --to DIR|URL')
  return given.includes('://') ? assertUrl(option, given) : toFile(given, terminal)
}

function toFile(data: string, terminal: Terminal): string {
  return join(toPath(data, terminal), 'control.db')
}

function assertUrl(option: string, url: string): string {
  if (/^postgres(?:ql)?:\/\//.test(url)) return url
  throw new UsageError(`${option}: a database is written as postgres://user@host/database`)
}

/** Runs it, and answers the exit code; what keeps it from being done is told in one line. */
export async function onStore(terminal: Terminal, act: () => Promise<number>): Promise<number> {
  try {
    return await act()
  } catch (fault) {
    if (!isExpected(fault)) throw fault
    terminal.complain(fault.message)
    return EXIT_CODES.faults
  }
}

function isExpected(fault: unknown): fault is Error {
  if (fault instanceof CopyFault || fault instanceof StoreFault || fault instanceof StoreRefusal) return true
  // Of the system (ENOENT, ENOSPC), and of PostgreSQL (28P01).
  return fault instanceof Error && /^(?:E[A-Z]+|[0-9A-Z]{5})$/.test(String((fault as { code?: unknown }).code))
}

/** What stands in the audit log counts as it came. */
export function tellAudit(audit: AuditVerdict, terminal: Terminal): number {
  if (audit.kind === 'whole') {
    terminal.print(`The audit log is whole: ${audit.entries} entries, the last one ${audit.hash.slice(0, 12)}…`)
    return EXIT_CODES.ok
  }
  terminal.complain(
    `The audit log is not what was written, from entry ${audit.number} on. It came so: look at how the store was changed beside Gatewright.`,
  )
  return EXIT_CODES.faults
}
