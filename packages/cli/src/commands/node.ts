/** Owns `gatewright node`: a gateway that is told by control planes on other machines what to run; the running is `start-gateway.ts`. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { NodeOptions } from '@gatewright/gateway'
import { nodeNameSchema } from '@gatewright/model'
import { defineCommand, UsageError } from '../command.ts'
import { CONFIG_OPTIONS, EMPTY_CONFIG, toPath } from '../configuration.ts'
import { GATEWAY_OPTIONS, toGatewayOptions } from '../gateway-options.ts'
import { findVersion } from '../own-version.ts'
import { startGateway } from '../start-gateway.ts'
import type { Terminal } from '../terminal.ts'

export const node = defineCommand({
  name: 'node',
  description:
    'Serves what control planes publish, and lets in whom they know. Several are asked one after the other until one answers; what they said last is kept in --data, and served while none of them does. Listeners and everything else of this machine may stand in a file of its own, as for `gatewright start`.',
  options: {
    control: {
      type: 'text',
      value: 'URL',
      multiple: true,
      description: 'Of a control plane, such as https://control:9081; several.',
    },
    'token-file': {
      type: 'text',
      value: 'FILE',
      description: 'Holds the token of this node, gwn_…: issue one to its node group.',
    },
    'control-cert': {
      type: 'text',
      value: 'FILE',
      description: 'Instead of a token: the certificate (PEM) of this node, for its name.',
    },
    'control-key': { type: 'text', value: 'FILE', description: 'Its private key (PEM).' },
    data: { type: 'text', value: 'DIR', description: 'Where it is kept what control planes said last.' },
    name: { type: 'text', value: 'NAME', description: 'Of this node, among others. Default: the name of the machine.' },
    'control-ca': {
      type: 'text',
      value: 'FILE',
      description: 'Certificates (PEM) that control planes are known by, instead of the usual CAs.',
    },
    'max-staleness': {
      type: 'integer',
      value: 'SECONDS',
      min: 1,
      max: 31_536_000,
      description: 'Say "not ready" once no control plane has answered for so long. Default: serve on.',
    },
    config: CONFIG_OPTIONS.config,
    overlay: CONFIG_OPTIONS.overlay,
    ...GATEWAY_OPTIONS,
  },
  example: {
    line: 'gatewright node --control https://control:9081 --token-file /etc/gatewright/token --data /var/lib/gatewright',
    says: 'what is published there is served here',
  },
  run({ values }, terminal) {
    const { control, data, 'max-staleness': staleness } = values
    if (control.length === 0) throw new UsageError('a node is told what to run: name a control plane with --control')
    if (data === undefined) throw new UsageError('a node keeps what it was told: name a folder with --data')
    const dataDir = toPath(data, terminal)
    const ca = values['control-ca']
    return startGateway({
      ...toGatewayOptions(values, terminal),
      config: values.config === undefined ? EMPTY_CONFIG : toPath(values.config, terminal),
      overlays: values.overlay.map((path) => toPath(path, terminal)),
      controlPlane: undefined,
      dataDir,
      greeting: [],
      node: {
        urls: control.map(toUrl),
        ...readProof(values, terminal),
        name: toName(values.name ?? hostname()),
        dataDir,
        version: findVersion(),
        ...(ca !== undefined && { ca: readText('--control-ca', toPath(ca, terminal)) }),
        ...(staleness !== undefined && { maxStalenessMs: staleness * 1000 }),
      },
    })
  },
})

function toUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text
  throw new UsageError(`--control: "${text}" is not a URL: write it as https://${text.replace(/^.*?:?\/\//, '')}`)
}

function toName(text: string): string {
  if (nodeNameSchema.safeParse(text).success) return text
  throw new UsageError(`--name: "${text}" is no name: letters, digits, ".", "_" and "-", at most 100`)
}

interface ProofValues {
  readonly 'token-file': string | undefined
  readonly 'control-cert': string | undefined
  readonly 'control-key': string | undefined
}

/** Who this node is. */
function readProof(values: ProofValues, terminal: Terminal): Pick<NodeOptions, 'token' | 'certificate'> {
  const { 'token-file': file, 'control-cert': cert, 'control-key': key } = values
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--control-cert and --control-key belong together')
  }
  if (cert !== undefined && key !== undefined) {
    if (file !== undefined) throw new UsageError('--token-file and --control-cert both say who this is: leave one out')
    const certificate = {
      cert: readText('--control-cert', toPath(cert, terminal)),
      key: readText('--control-key', toPath(key, terminal)),
    }
    return { certificate }
  }
  if (file === undefined) {
    throw new UsageError('control planes know a node by its token or certificate: name --token-file, or --control-cert')
  }
  const token = readText('--token-file', toPath(file, terminal)).trim()
  if (/^gwn_\w+$/.test(token)) return { token }
  throw new UsageError(`--token-file: ${file} holds no token of a node, which begins with gwn_`)
}

function readText(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`${option}: ${path} cannot be read: ${(error as Error).message}`)
  }
}
