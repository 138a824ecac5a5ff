/** Owns what a policy logs in tests. */
import type { Log } from '../services.ts'

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

export class RecordingLog implements Log {
  readonly entries: LogEntry[] = []

  info(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.entries.push({ level: 'info', message, facts })
  }

  warn(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.entries.push({ level: 'warn', message, facts })
  }

  error(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.entries.push({ level: 'error', message, facts })
  }
}
