/** Owns which kinds of resources a folder has, where their files stand, and in which order references allow to make them. */
import { type Client, OPERATIONS, type OperationAnswer } from '@gatewright/client'

export interface FolderKind {
  /** `apis`: the folder of its files. */
  readonly plural: string
  /** `Api`, as names of operations have it. */
  readonly noun: string
  readonly hasTeams: boolean
}

/** What others name comes first; kinds that are not listed come last. */
const ORDER = ['teams', 'roles', 'upstreams', 'policy-lists', 'environments', 'apis', 'plans', 'products', 'apps']

/** Everything that the control plane takes and gives as people write it. */
export const FOLDER_KINDS: readonly FolderKind[] = Object.entries(OPERATIONS)
  .flatMap(([name, { method, path }]) => {
    const [, plural, team] = /^\/api\/v1\/([a-z-]+)\/(\{team\}\/)?\{id\}$/.exec(path) ?? []
    if (plural === undefined || method !== 'PUT' || !name.startsWith('put')) return []
    return [{ plural, noun: name.slice('put'.length), hasTeams: team !== undefined }]
  })
  .toSorted((a, b) => toRank(a) - toRank(b))

function toRank({ plural }: FolderKind): number {
  const index = ORDER.indexOf(plural)
  return index === -1 ? ORDER.length : index
}

export interface ResourcePlace {
  readonly kind: FolderKind
  readonly team?: string
  readonly id: string
}

/** As it is asked for. */
export function toParams({ team, id }: ResourcePlace): Readonly<Record<string, string>> {
  return team === undefined ? { id } : { team, id }
}

export function toFilePath({ kind, team, id }: ResourcePlace): string {
  return [kind.plural, ...(team === undefined ? [] : [team]), `${id}.yaml`].join('/')
}

/** Undefined: it is the file of no resource. */
export function findPlace(path: string): ResourcePlace | undefined {
  const parts = path.replace(/\.ya?ml$/, '').split('/')
  const kind = FOLDER_KINDS.find(({ plural }) => plural === parts[0])
  const [id, team, ...more] = parts.slice(1).reverse()
  // A point in it is of another file that belongs to one: its document.
  if (
    kind === undefined ||
    id === undefined ||
    id.includes('.') ||
    more.length > 0 ||
    (team !== undefined) !== kind.hasTeams
  )
    return undefined
  return !/\.ya?ml$/.test(path) ? undefined : { kind, id, ...(team !== undefined && { team }) }
}

/** Operations whose names are put together: all kinds have the same ones. */
interface LooseClient {
  ask(name: string, options: object): Promise<OperationAnswer<unknown>>
  write(name: string, yaml: string, options: object): Promise<OperationAnswer<unknown>>
  read(name: string, options: object): Promise<OperationAnswer<string>>
}

export function toLoose(client: Client): LooseClient {
  return client as unknown as LooseClient
}
