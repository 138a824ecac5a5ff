/** Owns users' own policies on a thread: modules loaded once per content, checked, put beside the built-ins. */
import { PLAN_SLOT } from '@gatewright/model/runtime'
import { BUILT_IN_POLICIES, isPolicyDefinition, type PolicyDefinition } from '@gatewright/policies'
import { prepareImport, toImportUrl } from './extension-imports.ts'
import type { ExtensionModule } from './snapshot.ts'

export class ExtensionFault extends Error {
  readonly specifier: string

  constructor(specifier: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.specifier = specifier
  }
}

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
            `the policy name "${definition.name}" is taken already: choose another`,
          )
        }
        catalogue.set(definition.name, definition)
      }
    }
    return catalogue
  }

  /** Its policies. @throws ExtensionFault */
  async load(extension: ExtensionModule): Promise<readonly PolicyDefinition[]> {
    const known = this.#loaded.get(toKey(extension))
    if (known !== undefined) return known
    const { specifier, hash, files } = extension
    let module: Record<string, unknown>
    const isFile = specifier.startsWith('file:')
    if (isFile) prepareImport(specifier, hash, files)
    const url = isFile ? toImportUrl(specifier, hash) : specifier
    try {
      module = await import(url)
    } catch (cause) {
      throw new ExtensionFault(specifier, `cannot be loaded: ${toShortMessage(cause)}`, cause)
    }
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

function toKey({ specifier, hash }: ExtensionModule): string {
  return `${specifier} ${hash}`
}

/** Its first line, without the paths that Node adds: the finding has a place of its own. */
function toShortMessage(cause: unknown): string {
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
  return line.replace(/ imported from .*$/, '')
}
