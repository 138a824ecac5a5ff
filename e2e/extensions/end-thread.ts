/** Owns a policy that ends the thread it runs on, as a users' policy with a fatal fault would. */
import { definePolicy, z } from '@gatewright/policies'

export const endThread = definePolicy({
  name: 'end-thread',
  phase: 'observe',
  summary: 'Ends the thread that runs it. For tests alone.',
  options: z.strictObject({}),
  create() {
    return function endThreadNow() {
      // In a worker thread this ends the thread, not the process.
      process.exit(1)
    }
  },
})
