/** Owns the options that say how a gateway runs on its machine, whatever it runs. */
import type { Values } from './command.ts'
import type { StartOptions } from './start-gateway.ts'
import type { Terminal } from './terminal.ts'

export const GATEWAY_OPTIONS = {
  port: {
    type: 'integer',
    value: 'PORT',
    min: 1,
    max: 65_535,
    description: 'Of the first listener, whatever the file says.',
  },
  'admin-port': {
    type: 'integer',
    value: 'PORT',
    min: 0,
    max: 65_535,
    description: 'Of status and admin, on 127.0.0.1 only. Default: 9080; 0 chooses a free one.',
  },
  'status-host': { type: 'text', value: 'HOST', description: 'Where --status-port listens. Default: 0.0.0.0.' },
  'status-port': {
    type: 'integer',
    value: 'PORT',
    min: 0,
    max: 65_535,
    description: '/livez, /readyz and /metrics where kubelets and Prometheus reach them. Default: none.',
  },
  threads: { type: 'integer', value: 'N', min: 1, max: 256, description: 'Data threads. Default: one a core.' },
  'drain-delay': {
    type: 'integer',
    value: 'MS',
    min: 0,
    max: 600_000,
    description: 'After SIGTERM, still accept for so long while saying "not ready"; not after SIGINT. Default: 1000.',
  },
  'drain-timeout': {
    type: 'integer',
    value: 'MS',
    min: 0,
    max: 3_600_000,
    description: 'Cut off what is still open after so long. Default: 30000.',
  },
} as const

type Said =
  | 'port'
  | 'adminPort'
  | 'statusHost'
  | 'statusPort'
  | 'threads'
  | 'drainDelayMs'
  | 'drainTimeoutMs'
  | 'earlySignals'

export function toGatewayOptions(
  values: Values<typeof GATEWAY_OPTIONS>,
  { earlySignals }: Terminal,
): Pick<StartOptions, Said> {
  return {
    port: values.port,
    adminPort: values['admin-port'] ?? 9080,
    statusHost: values['status-host'],
    statusPort: values['status-port'],
    threads: values.threads,
    drainDelayMs: values['drain-delay'] ?? 1000,
    drainTimeoutMs: values['drain-timeout'] ?? 30_000,
    earlySignals,
  }
}
