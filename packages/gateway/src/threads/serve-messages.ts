/** Owns the conversation of a data thread with main: messages in, messages out. */
import { parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ThreadBirth, ToThread } from './messages.ts'
import { startBeating } from './pulse.ts'
import { ThreadRuntime } from './thread-runtime.ts'

const port = parentPort
if (port === null) throw new Error('this is loaded by the entry of a worker thread')

const say = (message: FromThread): void => port.postMessage(message)
const birth = workerData as ThreadBirth
const runtime = new ThreadRuntime(birth, say)
startBeating(birth.pulse, birth.index)

port.on('message', (message: ToThread) => {
  runtime.onMessage(message)
})
say({ kind: 'ready' })
