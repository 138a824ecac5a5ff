/** Owns the options that say how a control plane runs. */
import { mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { ControlPlaneSettings } from '@gatewright/control-plane/thread'
import { UsageError, type Values } from './command.ts'
import { toPath } from './configuration.ts'
import type { Terminal } from './terminal.ts'

export const CONTROL_OPTIONS = {
  database: {
    type: 'text',
    value: 'URL',
    description: 'What the control plane keeps: postgres://… Default: control.db in the folder of --data.',
  },
  'control-host': { type: 'text', value: 'HOST', description: 'Where the control plane listens. Default: 127.0.0.1.' },
  'control-port': {
    type: 'integer',
    value: 'PORT',
    min: 0,
    max: 65_535,
    description: 'Its port. Default: 9081; 0 chooses a free one.',
  },
  'control-url': {
    type: 'text',
    value: 'URL',
    description:
      'Where people find it, such as https://gatewright.example.com: for links, passkeys and single sign-on. Default: http://localhost and its port, on 127.0.0.1.',
  },
  'control-tls-cert': {
    type: 'text',
    value: 'FILE',
    description: 'Certificates (PEM) of its port, the own one first.',
  },
  'control-tls-key': { type: 'text', value: 'FILE', description: 'Their private key (PEM).' },
  'control-client-ca': {
    type: 'text',
    value: 'FILE',
    description: 'CAs (PEM) of certificates with which nodes may come instead of a token.',
  },
  'control-allow': {
    type: 'text',
    value: 'NETWORK',
    multiple: true,
    description: 'Who may ask it, such as 10.0.0.0/8; several. Default: everybody who reaches it.',
  },
  'control-webhook-allow': {
    type: 'text',
    value: 'NETWORK',
    multiple: true,
    description: 'Where webhooks may lead to beside public addresses, such as 10.0.0.0/8; several.',
  },
} as const

type ControlValues = Values<typeof CONTROL_OPTIONS> & { readonly data: string | undefined }

/** @throws UsageError */
export function toControlSettings(values: ControlValues, terminal: Terminal): ControlPlaneSettings {
  const { data, 'control-tls-cert': cert, 'control-tls-key': key, 'control-allow': allowed } = values
  const host = values['control-host'] ?? '127.0.0.1'
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--control-tls-cert and --control-tls-key belong together')
  }
  const clientCa = values['control-client-ca']
  if (clientCa !== undefined && cert === undefined) {
    throw new UsageError('--control-client-ca needs TLS: name --control-tls-cert and --control-tls-key too')
  }
  const webhookAllowed = values['control-webhook-allow']
  for (const network of allowed) assertNetwork('--control-allow', network)
  for (const network of webhookAllowed) assertNetwork('--control-webhook-allow', network)
  return {
    database: values.database ?? toDatabaseFile(data, terminal),
    host,
    port: values['control-port'] ?? 9081,
    ...(data !== undefined && { secretKeyFile: join(toFolder(data, terminal), 'secret.key') }),
    ...(cert !== undefined && key !== undefined && { tls: readTls(cert, key, terminal) }),
    ...(values['control-url'] !== undefined && { publicOrigin: toOrigin(values['control-url']) }),
    ...(clientCa !== undefined && { clientCa: read(clientCa, terminal) }),
    ...(allowed.length > 0 && { allowed }),
    ...(webhookAllowed.length > 0 && { webhookAllowed }),
  }
}

function toDatabaseFile(data: string | undefined, terminal: Terminal): string {
  if (data === undefined) {
    throw new UsageError(
      'a control plane keeps what it knows: name a folder with --data, or a database with --database',
    )
  }
  return join(toFolder(data, terminal), 'control.db')
}

function toFolder(data: string, terminal: Terminal): string {
  const folder = toPath(data, terminal)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** @throws UsageError */
function toOrigin(text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin
  throw new UsageError(`--control-url: "${text}" is no address of a site: write it as https://gatewright.example.com`)
}

function assertNetwork(option: string, network: string): void {
  const [address = '', bits] = network.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const isBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
  if (family !== 0 && isBits) return
  throw new UsageError(`${option}: "${network}" is no network: write it as 10.0.0.0/8, or as one address`)
}

/** @throws UsageError */
function readTls(certPath: string, keyPath: string, terminal: Terminal) {
  const tls = { cert: read(certPath, terminal), key: read(keyPath, terminal) }
  try {
    createSecureContext(tls)
    return tls
  } catch (error) {
    const what = `--control-tls-cert ${certPath} and --control-tls-key ${keyPath}`
    throw new UsageError(`${what} are no certificate and its key, both as PEM: ${(error as Error).message}`)
  }
}

function read(path: string, terminal: Terminal): string {
  try {
    return readFileSync(toPath(path, terminal), 'utf8')
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}
