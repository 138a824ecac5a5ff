/** Owns the telling of a folder that a command cannot make: what the user named is the user's to mend. */
import { makeFolder as make } from '@gatewright/gateway'
import { UsageError } from './command.ts'

/** @throws UsageError */
export function makeFolder(path: string): void {
  try {
    make(path)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
