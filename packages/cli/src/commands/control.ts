/** Owns `gatewright control`: what the flags mean; the running is `run-control-plane.ts`. */
import { defineCommand } from '../command.ts'
import { CONTROL_OPTIONS, toControlSettings } from '../control-options.ts'
import { runControlPlane } from '../run-control-plane.ts'

export const control = defineCommand({
  name: 'control',
  description:
    'Keeps APIs, plans, apps and keys, and tells them to nodes (`gatewright node`). Several run on one PostgreSQL, and each of them answers everybody. SIGTERM and SIGINT end it once what is under way is answered.',
  options: {
    data: { type: 'text', value: 'DIR', description: 'Where control.db is kept, without --database.' },
    ...CONTROL_OPTIONS,
  },
  example: {
    line: 'gatewright control --database postgres://gatewright@db/gatewright --control-host 0.0.0.0',
    says: 'what nodes are told comes from that database',
  },
  run: ({ values }, terminal) => runControlPlane(toControlSettings(values, terminal), terminal.earlySignals),
})
