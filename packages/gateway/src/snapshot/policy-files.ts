/** Owns the files that a model's policies read: which they are, and where it is told when one cannot be used. */
import type { Finding, GatewayModel, Path, PolicyUse, Sources } from '@gatewright/model'
import { toContentHash } from '@gatewright/model/runtime'
import type { PolicyDefinition, PolicyFile } from '@gatewright/policies'
import { listUses, withNested } from '../pipeline/place-policy-fault.ts'
import type { FileTrouble, WantedFile } from '../state/files/file-shelf.ts'

export interface PolicyFileUse extends WantedFile {
  readonly policy: string
  /** Where in the model it is named. */
  readonly place: Path
}

/** Uses whose options are faulty name none: that is told already. */
export function listPolicyFiles(model: GatewayModel, catalogue: Iterable<PolicyDefinition>): PolicyFileUse[] {
  const definitions = new Map([...catalogue].map((each) => [each.name, each]))
  const mayRead = ({ policy }: PolicyUse): boolean => {
    const definition = definitions.get(policy)
    return definition?.files !== undefined || definition?.lists !== undefined
  }
  const uses = [...listAsking(model, mayRead)].flatMap(([path, use]) => [...withNested(definitions, path, use)])
  return uses.flatMap(([path, use]) => {
    const definition = definitions.get(use.policy)
    if (definition?.files === undefined) return []
    const checkKey = toContentHash({ policy: use.policy, options: use.options ?? {} })
    return readFiles(definition, use).map((file) => ({
      ...file,
      checkKey,
      policy: use.policy,
      place: [...path, 'options', ...file.at],
    }))
  })
}

/** Most of ten thousand APIs have none that may: nothing of them is placed. */
function* listAsking(model: GatewayModel, mayRead: (use: PolicyUse) => boolean): Generator<[Path, PolicyUse]> {
  yield* listUses({ ...model, apis: [] })
  for (const [index, api] of model.apis.entries()) {
    const isAsked =
      api.policies.some(mayRead) ||
      api.releases.some(
        ({ policies, routes }) => policies.some(mayRead) || routes.some((route) => route.policies.some(mayRead)),
      )
    if (!isAsked) continue
    for (const [path, use] of listUses({ policies: [], plans: [], apis: [api] })) {
      yield [['apis', index, ...path.slice(2)], use]
    }
  }
}

export function toFileFinding(
  { wanted, fault, isKept }: FileTrouble<PolicyFileUse>,
  sources: Pick<Sources, 'find'>,
): Finding {
  return {
    severity: isKept ? 'warning' : 'fault',
    code: 'policy-file',
    message: `${wanted.policy}: ${fault}.${isKept ? ' What was in it before is used on.' : ''}`,
    at: sources.find(wanted.place),
  }
}

/** An extension is somebody else's code; whatever is wrong with it is told when its policy is made. */
function readFiles(definition: PolicyDefinition, use: PolicyUse): readonly PolicyFile[] {
  try {
    const { success, data } = definition.options.safeParse(use.options ?? {})
    return success ? (definition.files?.(data) ?? []) : []
  } catch {
    return []
  }
}
