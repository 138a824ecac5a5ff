/** Owns what the thread does that a control plane has beside a gateway: no request is held up by it. Its parent is told what is published, and says what became of it. */
import { parentPort, workerData } from 'node:worker_threads'
import type { CredentialsLine } from '@gatewright/model'
import { ControlPlane, type ControlPlaneSettings } from '../control-plane.ts'
import { PortRefusal } from '../http/port-refusal.ts'
import type { Publication } from '../publish/publisher.ts'
import type { Taken } from '../publish/rollout.ts'
import type { FromControl, ToControl } from './control-messages.ts'

const port = parentPort
if (port === null) throw new Error('serve-control.ts runs in a worker thread')

const say = (message: FromControl): void => port.postMessage(message)
const logOn = (level: 'info' | 'warn' | 'error') => (message: string, facts?: Readonly<Record<string, unknown>>) =>
  say({ kind: 'log', level, message, facts })

/** By number of the newest change that it holds: publications are given one after the other. */
let waiting: { readonly sequence: number; resolve(taken: Taken): void } | undefined
let telling: PromiseWithResolvers<void> | undefined
let isEnding = false

const ENDING: Taken = { fault: 'the gateway ends' }

function take({ sequence, changed, gone, documents, secrets }: Publication): Promise<Taken> {
  // Nobody takes anything any more.
  if (isEnding) return Promise.resolve(ENDING)
  const { promise, resolve } = Promise.withResolvers<Taken>()
  waiting = { sequence, resolve }
  const files = changed.map(({ name, text, documents: named, secrets: names }) => ({
    name,
    text,
    documents: named,
    secrets: new Map([...secrets].filter(([secret]) => names.includes(secret))),
  }))
  const named = new Set(files.flatMap((file) => file.documents))
  const told = new Map([...documents].filter(([name]) => named.has(name)))
  say({ kind: 'publication', publication: { sequence, changed: files, gone, documents: told } })
  return promise
}

function takeCredentials(line: CredentialsLine): Promise<void> {
  if (isEnding) return Promise.resolve()
  telling = Promise.withResolvers<void>()
  say({ kind: 'credentials', line })
  return telling.promise
}

async function open(): Promise<ControlPlane | undefined> {
  const log = { info: logOn('info'), warn: logOn('warn'), error: logOn('error') }
  try {
    const control = await ControlPlane.open(workerData as ControlPlaneSettings, { log, take, takeCredentials })
    say({ kind: 'opened', ...control.address })
    return control
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault)
    say({ kind: 'refused', why, reason: fault instanceof PortRefusal ? 'port' : 'store' })
    return undefined
  }
}

const opening = open()

async function end(): Promise<void> {
  isEnding = true
  waiting?.resolve(ENDING)
  telling?.resolve()
  await (await opening)?.close()
}

port.on('message', (message: ToControl) => {
  // Also where a connection to the store is still open.
  if (message.kind === 'close') void end().finally(() => process.exit())
  else if (message.kind === 'acquainted') {
    if (message.fault === undefined) telling?.resolve()
    else telling?.reject(new Error(message.fault))
  } else if (waiting?.sequence === message.sequence) waiting.resolve(message.taken)
})
if ((await opening) === undefined) port.close()
