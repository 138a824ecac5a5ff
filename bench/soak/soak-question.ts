// Owns the form of a question of `npm run soak`: how often and how long is said once for all of them.
import type { Answer } from '../question.ts'

export interface SoakSetting {
  /** Publishes one after the other. */
  changes: number
  /** Of publishing under load. */
  seconds: number
  perSecond: number
  keys: number
  apis: number
  /** Acknowledged while processes are killed. */
  publishes: number
  /** Of the moments when they are. */
  seed: number
  /** Progress, to stderr. */
  say(line: string): void
}

export interface SoakQuestion {
  name: string
  ask(setting: SoakSetting): Promise<Answer>
}
