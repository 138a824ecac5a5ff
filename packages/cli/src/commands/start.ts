/** Owns `gatewright start`: what the flags mean; the running is `start-gateway.ts`. */
import { Pepper, PepperFault } from '@gatewright/gateway'
import { defineCommand, UsageError } from '../command.ts'
import { CONFIG_OPTIONS, EMPTY_CONFIG, findConfig, toPath } from '../configuration.ts'
import { CONTROL_OPTIONS, toControlSettings } from '../control-options.ts'
import { getExample } from '../examples.ts'
import { GATEWAY_OPTIONS, toGatewayOptions } from '../gateway-options.ts'
import { startGateway } from '../start-gateway.ts'

export const start = defineCommand({
  name: 'start',
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
    ...GATEWAY_OPTIONS,
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
  },
  example: {
    line: 'gatewright start --config gatewright.yaml --threads 2',
    says: 'two data threads, status on 127.0.0.1:9080',
  },
  run({ values }, terminal) {
    const example = values.example === undefined ? undefined : getExample(values.example)
    const dataDir = values.data === undefined ? undefined : toPath(values.data, terminal)
    // Several of one database have the same only where they are told.
    const drawn = values['control-plane'] && values.database === undefined ? drawPepper(dataDir) : {}
    const controlPlane = values['control-plane'] ? { ...toControlSettings(values, terminal), ...drawn } : undefined
    return startGateway({
      config: example?.config ?? findConfig(values, terminal, { orElse: controlPlane && EMPTY_CONFIG }),
      controlPlane,
      overlays: values.overlay.map((path) => toPath(path, terminal)),
      ...toGatewayOptions(values, terminal),
      node: undefined,
      dataDir,
      greeting:
        example === undefined || example.greeting.length === 0
          ? []
          : ['Try:', ...example.greeting.map((line) => `  ${line}`)],
    })
  },
})

/** What the gateway hashes keys with that could be guessed. @throws UsageError */
function drawPepper(dataDir: string | undefined): { readonly pepper?: Uint8Array } {
  try {
    return dataDir === undefined ? {} : { pepper: new Pepper({ dataDir }).get() }
  } catch (fault) {
    if (fault instanceof PepperFault) throw new UsageError(fault.message)
    throw fault
  }
}
