/** Owns the warnings of what a whole configuration lacks: without it, it runs and is of no use. */
import { hasFaults, type Path } from '../finding.ts'
import type { GatewayModel, PolicyUse } from '../gateway-model.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
import type { Validation } from './validation.ts'

/** After all other checks: where there is a fault, what is lacking may be what the fault left out. */
export function warnOfLacks(validation: Validation): void {
  if (validation.options.isWhole !== true || hasFaults(validation.findings)) return
  if (validation.model.apis.length === 0) {
    validation.warn([], {
      code: 'no-apis',
      message: 'There are no APIs: every request is answered with 404.',
      suggestion: 'Add one: `apis: [{ id: orders, upstream: "http://127.0.0.1:9001" }]`.',
    })
  }
  warnOfKeylessAuth(validation)
}

/** Once, at the first use: a key is what is missing, and not something about the use. */
function warnOfKeylessAuth(validation: Validation): void {
  const { apps = [] } = validation.options
  if (apps.some(({ keys }) => keys.some(({ enabled }) => enabled !== false))) return
  const first = [...listKeyAuth(validation.model)][0]
  if (first === undefined) return
  validation.warn(first, {
    code: 'nobody-has-a-key',
    message: '"key-auth" lets nobody pass: no app has a key that is switched on.',
    suggestion: 'Add one to `apps`: `{ id: acme, keys: [{ hash: "sha256:…" }] }` (docs/how-to/hash-a-key.md).',
  })
}

function* listKeyAuth({ policies, apis }: GatewayModel): Generator<Path> {
  const isKeyAuth = ({ use }: PlacedUse): boolean => use.policy === 'key-auth' && !letsAnonymousPass(use)
  const place = (uses: readonly PolicyUse[], path: Path): Path[] =>
    placeUses(uses, [...path, 'policies'])
      .filter(isKeyAuth)
      .map((placed) => placed.path)
  yield* place(policies, [])
  for (const [index, api] of apis.entries()) {
    if (api.enabled === false) continue
    yield* place(api.policies, ['apis', index])
    for (const [at, release] of api.releases.entries()) {
      const path: Path = ['apis', index, 'releases', at]
      yield* place(release.policies, path)
      for (const [position, route] of release.routes.entries()) {
        if (route.enabled !== false) yield* place(route.policies, [...path, 'routes', position])
      }
    }
  }
}

function letsAnonymousPass({ options }: PolicyUse): boolean {
  return typeof options === 'object' && options !== null && (options as { anonymous?: unknown }).anonymous === true
}
