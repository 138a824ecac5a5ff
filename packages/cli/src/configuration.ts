/** Owns the options that say which configuration is meant, and the reading of it. */
import { existsSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Configuration, loadConfiguration, type MadeFile } from '@gatewright/gateway'
import { type Finding, hasFaults, toFindingText } from '@gatewright/model'
import { UsageError } from './command.ts'
import { toDocumentFile } from './document-config.ts'
import type { Terminal } from './terminal.ts'

export const CONFIG_OPTIONS = {
  config: {
    type: 'text',
    value: 'PATH',
    description:
      'A file, or a folder whose files are merged. Default: gatewright.yaml, or the folder gatewright/, here.',
  },
  overlay: {
    type: 'text',
    value: 'PATH',
    multiple: true,
    description: 'A file that changes parts of it, such as prod.yaml; several are applied one after the other.',
  },
  openapi: {
    type: 'text',
    value: 'FILE',
    description: 'Instead of a configuration: the operations of this OpenAPI file. Needs --upstream.',
  },
  upstream: { type: 'text', value: 'URL', description: 'Where the operations of --openapi are forwarded to.' },
  'base-path': {
    type: 'text',
    value: 'PATH',
    description: 'What clients write before the paths of --openapi; it is left out of what is forwarded. Default: /.',
  },
} as const

export const JSON_OPTION = { type: 'switch', description: 'Print JSON for programs.' } as const

export interface ConfigValues {
  readonly config: string | undefined
  readonly overlay: readonly string[]
  readonly openapi?: string | undefined
  readonly upstream?: string | undefined
  readonly 'base-path'?: string | undefined
}

const DEFAULT_FILES = ['gatewright.yaml', 'gatewright.yml', 'gatewright.json']
const DEFAULT_FOLDER = 'gatewright'

const NOTHING = { file: '', line: 0, column: 0, path: '' }

function withoutSuggestion({ suggestion: _, ...finding }: Finding): Finding {
  return finding
}

/** One listener, and nothing else: everything comes from a control plane. */
export const EMPTY_CONFIG: MadeFile = {
  path: 'nothing-published',
  text: 'gatewright: 1\n',
  // It lies nowhere, so nobody mends it there.
  relocate: (finding) =>
    finding.at.file === 'nothing-published' ? { ...withoutSuggestion(finding), at: NOTHING } : finding,
}

/** As it was given, else what is there, else `orElse`. @throws UsageError when nothing is, or what was given makes no sense together. */
export function findConfig(
  values: ConfigValues,
  terminal: Terminal,
  { orElse }: { readonly orElse?: MadeFile | undefined } = {},
): string | MadeFile {
  const { config, openapi, upstream } = values
  if (openapi !== undefined || upstream !== undefined) return toOpenApiConfig(values, terminal)
  if (values['base-path'] !== undefined)
    throw new UsageError('--base-path belongs to --openapi: in a configuration it is `basePath`')
  if (config !== undefined) return toPath(config, terminal)
  const found = [...DEFAULT_FILES, DEFAULT_FOLDER].find((name) => isThere(join(terminal.cwd, name), name))
  if (found !== undefined) return toPath(found, terminal)
  if (orElse !== undefined) return orElse
  throw new UsageError('there is no gatewright.yaml here: name a file with --config, or run `gatewright init`')
}

/** A file called `gatewright` is mostly the command. */
function isThere(path: string, name: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === (name === DEFAULT_FOLDER)
}

function toOpenApiConfig({ config, openapi, upstream, ...others }: ConfigValues, terminal: Terminal): MadeFile {
  if (openapi === undefined || upstream === undefined) {
    throw new UsageError('--openapi and --upstream belong together: which operations, and where they are forwarded to')
  }
  if (config !== undefined)
    throw new UsageError('--config says everything that --openapi and --upstream say: leave one out')
  const path = toPath(openapi, terminal)
  if (!existsSync(path)) throw new UsageError(`--openapi ${openapi}: there is no such file`)
  if (!/^https?:\/\//i.test(upstream) || !URL.canParse(upstream)) {
    const meant = `http://${upstream.replace(/^(?:[a-z]*:)?\/+/i, '')}`
    const written = URL.canParse(meant) ? meant : 'http://127.0.0.1:9001'
    throw new UsageError(`--upstream: "${upstream}" is not a URL: write it as ${written}`)
  }
  return toDocumentFile({ openapi: path, upstream, basePath: others['base-path'] })
}

/** Short where it lies below the working folder: findings show it. */
export function toPath(path: string, { cwd }: Terminal): string {
  const absolute = resolve(cwd, path)
  const short = relative(process.cwd(), absolute)
  return short.startsWith('..') || short === '' ? absolute : short
}

export async function readConfiguration(values: ConfigValues, terminal: Terminal): Promise<Configuration> {
  return await loadConfiguration({
    config: findConfig(values, terminal),
    overlays: values.overlay.map((path) => toPath(path, terminal)),
    env: terminal.env,
  })
}

/** What runs; undefined, and every fault on stderr, where there is nothing that could. */
export async function readFaultless(values: ConfigValues, terminal: Terminal): Promise<Runnable | undefined> {
  return toRunnable(await readConfiguration(values, terminal), terminal)
}

export function toRunnable(configuration: Configuration, terminal: Terminal): Runnable | undefined {
  const { model, findings } = configuration
  if (model !== undefined && !hasFaults(findings)) return { ...configuration, model }
  for (const finding of findings) if (finding.severity === 'fault') terminal.complain(toFindingText(finding))
  return undefined
}

export type Runnable = Configuration & { readonly model: NonNullable<Configuration['model']> }
