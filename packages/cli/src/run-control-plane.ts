/** Owns the running of a control plane without a gateway: start, say where it is, end with the right exit code. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ControlPlane, type ControlPlaneSettings, PortRefusal, StoreRefusal } from '@gatewright/control-plane'
import type { Log } from '@gatewright/policies'
import { toControlAddress, toSetUpLines } from './control-greeting.ts'
import { createLineWriter } from './line-writer.ts'
import { createLog } from './log.ts'
import { toControlFault } from './to-control-fault.ts'

/** A database that is not there yet may come. */
const AGAIN_MS = 1_000
const LONGEST_AGAIN_MS = 30_000

/** Resolves with the exit code when it has ended. */
export async function runControlPlane(
  settings: ControlPlaneSettings,
  earlySignals: ReadonlySet<NodeJS.Signals>,
): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const log = createLog(createLineWriter(process.stderr, (lines) => log.warn('lines of this log are lost', { lines })))
  const ending = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => (ending.signal.aborted ? process.exit(130) : ending.abort()))
    if (earlySignals.has(signal)) ending.abort()
  }
  const control = await open(settings, { log, signal: ending.signal })
  if (control === undefined) return ending.signal.aborted ? 0 : 1
  greet(control)
  if (!ending.signal.aborted) await new Promise((resolve) => ending.signal.addEventListener('abort', resolve))
  const cutOff = await control.close()
  log.info(cutOff === 0 ? 'has ended: every request was answered' : 'has ended')
  return 0
}

interface Opening {
  readonly log: Log
  readonly signal: AbortSignal
}

async function open(settings: ControlPlaneSettings, { log, signal }: Opening): Promise<ControlPlane | undefined> {
  for (let againMs = AGAIN_MS; !signal.aborted; againMs = Math.min(LONGEST_AGAIN_MS, againMs * 2)) {
    try {
      return await ControlPlane.open(settings, { log })
    } catch (fault) {
      const error = fault instanceof Error ? fault.message : String(fault)
      if (fault instanceof StoreRefusal || fault instanceof PortRefusal) {
        log.error(`cannot start: ${fault instanceof PortRefusal ? toControlFault({ refused: error }) : error}`)
        return undefined
      }
      log.error('the control plane cannot start yet, and tries again', { error, inMs: againMs })
      await sleep(againMs, undefined, { signal }).catch(() => {})
    }
  }
  return undefined
}

function greet({ address }: ControlPlane): void {
  const lines = [
    `The control plane answers on ${toControlAddress(address)}  (/api/v1, /node/v1)`,
    ...toSetUpLines(address),
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}
