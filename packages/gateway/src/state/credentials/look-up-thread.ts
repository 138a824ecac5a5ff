/** Owns what a thread does in the tests of the credentials index: it looks keys up until it is told to stop. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { type CredentialsDescriptor, openCredentials } from './credentials-index.ts'

interface LookUpOrder {
  readonly descriptor: CredentialsDescriptor
  readonly secrets: readonly string[]
  /** Word 0: set once keys may be gone. Word 1: this thread is looking. */
  readonly stop: Int32Array
}

function lookUpUntilStopped({ descriptor, secrets, stop }: LookUpOrder): void {
  const reader = openCredentials(descriptor)
  let misses = 0
  for (let round = 0; Atomics.load(stop, 0) === 0; round++) {
    // Before the last change no key is gone; its number tells.
    const before = reader.revision()
    const lookup = reader.lookUp(secrets[round % secrets.length] ?? '', 'any')
    const isWhole = lookup.found && lookup.key.app === 'acme' && /^(plan \d)?$/.test(lookup.key.plan ?? '')
    if (!isWhole && before < LAST_CHANGE && reader.revision() < LAST_CHANGE) misses++
    if (round === 0) {
      Atomics.store(stop, 1, 1)
      Atomics.notify(stop, 1)
    }
  }
  parentPort?.postMessage({ misses, after: secrets.map((secret) => reader.lookUp(secret, 'any').found) })
}

/** Two times all keys, then 400 rounds of changes; the next removes some. It is seen before its number is. */
const LAST_CHANGE = 402

if (!isMainThread) lookUpUntilStopped(workerData as LookUpOrder)
