/** Owns users' own policies on a thread: modules loaded once per content, checked, put beside the built-ins. */
import { fileURLToPath } from 'node:url'
import { PLAN_SLOT } from '@gatewright/model/runtime'
import { BUILT_IN_POLICIES, isPolicyDefinition, PHASES, type PolicyDefinition } from '@gatewright/policies'
import { isUnread, prepareImport, toImportUrl } from './extension-imports.ts'
import { isPassing } from './passing-fault.ts'
import type { ExtensionModule } from './snapshot.ts'

/** Its message names the extension, for whoever knows no more of it. It lasts: Node evaluates a module once, and remembers how it failed. */
export class ExtensionFault extends Error {
  readonly specifier: string
  readonly reason: string

  constructor(specifier: string, reason: string, cause?: unknown) {
    const name = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier
    super(`the extension ${name} ${reason}`, { cause })
    this.specifier = specifier
    this.reason = reason
  }
}

/** Far longer than reading files takes, and time enough for a request or two: every later change of the configuration waits behind it. */
const LOAD_TIMEOUT_MS = 10_000

export class ExtensionLoader {
  readonly #loaded = new Map<string, readonly PolicyDefinition[]>()

  /** Every policy by name. @throws ExtensionFault when a module cannot be loaded, defines nothing, or takes a name that is taken. */
  async loadCatalogue(extensions: readonly ExtensionModule[]): Promise<ReadonlyMap<string, PolicyDefinition>> {
    const catalogue = new Map<string, PolicyDefinition>(BUILT_IN_POLICIES.map((policy) => [policy.name, policy]))
    for (const extension of extensions) {
      for (const definition of await this.load(extension)) {
        if (catalogue.has(definition.name) || definition.name === PLAN_SLOT.name) {
          throw new ExtensionFault(
            extension.specifier,
            `defines the policy "${definition.name}", a name that is taken: choose another`,
          )
        }
        catalogue.set(definition.name, definition)
      }
    }
    return catalogue
  }

  /** Its policies. @throws ExtensionFault, or what the system says that lacks something for a moment */
  async load(extension: ExtensionModule): Promise<readonly PolicyDefinition[]> {
    const known = this.#loaded.get(toKey(extension))
    if (known !== undefined) return known
    const { specifier, hash, files } = extension
    let module: Record<string, unknown> | undefined
    const isFile = specifier.startsWith('file:')
    if (isFile) prepareImport(specifier, hash, files)
    const url = isFile ? toImportUrl(specifier, hash) : specifier
    try {
      module = await importInTime(url)
    } catch (cause) {
      if (isUnread(cause) && isPassing(cause.message)) throw cause
      throw new ExtensionFault(specifier, `cannot be loaded: ${toShortMessage(cause)}`, cause)
    }
    if (module === undefined) {
      throw new ExtensionFault(
        specifier,
        `is not loaded after ${LOAD_TIMEOUT_MS / 1000} s: what it awaits at its top level, or in a file that it imports, does not come; give that a time-out, or await it in the policy`,
      )
    }
    const flaw = findFlaw(module)
    if (flaw !== undefined) throw new ExtensionFault(specifier, flaw)
    const definitions = Object.values(module).filter(isPolicyDefinition)
    if (definitions.length === 0) {
      throw new ExtensionFault(specifier, 'exports no policy: export one made by definePolicy(…)')
    }
    this.keep(extension, definitions)
    return definitions
  }

  /** These are the policies of the extension. */
  keep(extension: ExtensionModule, definitions: readonly PolicyDefinition[]): void {
    this.#loaded.set(toKey(extension), definitions)
  }
}

/** What is written as a policy, whatever became of it. */
interface Meant {
  readonly create: unknown
  readonly name?: unknown
  readonly phase?: unknown
  readonly options?: unknown
}

/** What keeps an export from being the policy that it is meant to be; undefined: nothing. */
function findFlaw(module: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== 'object' || value === null || !('create' in value) || !('summary' in value)) continue
    const meant: Meant = value
    if (!isPolicyDefinition(meant)) return `exports "${name}", which is no policy: its ${describeFlaw(meant)}`
  }
  return undefined
}

function describeFlaw({ name, phase, options }: Meant): string {
  if (typeof name !== 'string') return '`name` is missing: it is a text'
  if (phase === undefined) return `\`phase\` is missing: it is one of ${PHASES.join(', ')}`
  if (!(PHASES as readonly unknown[]).includes(phase)) return `\`phase\` "${phase}" is none of ${PHASES.join(', ')}`
  if (typeof options !== 'object') return '`options` are missing: they are a schema, such as `z.strictObject({ … })`'
  return '`create` is no function'
}

/** undefined: it takes too long. Nothing can end an import: whoever asks for the same again waits for the same. */
async function importInTime(url: string): Promise<Record<string, unknown> | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), LOAD_TIMEOUT_MS)
  try {
    return await Promise.race([import(url) as Promise<Record<string, unknown>>, late])
  } finally {
    clearTimeout(timer)
  }
}

function toKey({ specifier, hash }: ExtensionModule): string {
  return `${specifier} ${hash}`
}

/** Its first line, without the paths that Node adds: the finding has a place of its own. */
function toShortMessage(cause: unknown): string {
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
  return line.replace(/ imported from .*$/, '')
}
