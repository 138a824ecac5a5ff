/** Owns `gatewright start`: what the flags mean; the running is `start-gateway.ts`. */
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, EMPTY_CONFIG, findConfig, toPath } from '../configuration.ts'
import { CONTROL_OPTIONS, toControlSettings } from '../control-options.ts'
import { getExample } from '../examples.ts'
import { startGateway } from '../start-gateway.ts'

export const start = defineCommand({
  name: 'start',
  summary: 'Run the gateway.',
  description:
    'Serves a configuration until it is told to end. A file that is renamed into its place is live within 50 ms, one that is written in place half a second after it stands still, and a faulty one changes nothing: the log, the admin port and `gatewright validate` say why. SIGHUP reads everything again, SIGTERM and SIGINT (Ctrl-C) drain, a second one ends at once. Nothing is written to disk without --data. With --control-plane, APIs are also published to it while it runs, and no file is needed.',
  options: {
    ...CONFIG_OPTIONS,
    example: {
      type: 'text',
      value: 'NAME',
      description:
        'Run an example instead of a configuration: quickstart, openapi, keys-and-limits, own-policy, websocket or folder.',
    },
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
    data: {
      type: 'text',
      value: 'DIR',
      description: 'Keep the last good configuration here, and start with it if need be.',
    },
    ...CONTROL_OPTIONS,
    'control-plane': {
      type: 'switch',
      description: 'Run a control plane too, in a thread of its own: with --data in a file there, or with --database.',
    },
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
  },
  example: {
    line: 'gatewright start --config gatewright.yaml --threads 2',
    says: 'two data threads, status on 127.0.0.1:9080',
  },
  run({ values }, terminal) {
    const example = values.example === undefined ? undefined : getExample(values.example)
    const controlPlane = values['control-plane'] ? toControlSettings(values, terminal) : undefined
    return startGateway({
      config: example?.config ?? findConfig(values, terminal, { orElse: controlPlane && EMPTY_CONFIG }),
      controlPlane,
      overlays: values.overlay.map((path) => toPath(path, terminal)),
      port: values.port,
      adminPort: values['admin-port'] ?? 9080,
      statusHost: values['status-host'],
      statusPort: values['status-port'],
      threads: values.threads,
      dataDir: values.data === undefined ? undefined : toPath(values.data, terminal),
      drainDelayMs: values['drain-delay'] ?? 1000,
      drainTimeoutMs: values['drain-timeout'] ?? 30_000,
      earlySignals: terminal.earlySignals,
      greeting:
        example === undefined || example.greeting.length === 0
          ? []
          : ['Try:', ...example.greeting.map((line) => `  ${line}`)],
    })
  },
})
