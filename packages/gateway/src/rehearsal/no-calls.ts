/** Owns the world of a rehearsal beyond the gateway: there is nobody to call. */
import { CallFault, type Directories, type HttpCalls } from '@gatewright/policies'
import { SharedValueBroker } from '../state/shared-values/shared-value-broker.ts'
import { ThreadSharedValues } from '../state/shared-values/thread-shared-values.ts'

export const NO_CALLS: HttpCalls = {
  send: ({ url }) => Promise.reject(new CallFault('rehearsal', `nobody is called in a rehearsal: ${url}`)),
}

export const NO_DIRECTORIES: Directories = {
  verify: (_name, _password, { url }) =>
    Promise.reject(new CallFault('rehearsal', `nobody is asked in a rehearsal: ${url}`)),
}

/** Of a process with one thread. */
export function createLonelyValues(now: () => number): ThreadSharedValues {
  const broker = new SharedValueBroker({ send: (_, answer) => values.onAnswer(answer), now })
  const values: ThreadSharedValues = new ThreadSharedValues({ say: (request) => broker.onRequest(0, request), now })
  return values
}
