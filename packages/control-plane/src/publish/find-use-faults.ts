/** Owns what no gateway could run of policies, wherever they come to stand: what can be said of them before anything is live. Pure. */
import { checkPattern } from '@gatewright/expressions'
import { type Finding, isListUse, resolve, validate } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { checkExpressionHere } from './check-expression-here.ts'

/** What depends on where they stand, and on what is kept besides. */
const ELSEWHERE: ReadonlySet<string> = new Set(['unknown-plan', 'unknown-app', 'substitution-missing'])

const LIST = 'policies'

/** Of a body of whatever kind: its own policies, and those of its routes. Paths are those of the body. */
export function findUseFaults(body: unknown): readonly Finding[] {
  if (!isMap(body)) return []
  const routes = Array.isArray(body.routes) ? body.routes : []
  return [
    ...findFaultsIn(body[LIST], LIST),
    ...routes.flatMap((route, at) => (isMap(route) ? findFaultsIn(route[LIST], `routes[${at}].${LIST}`) : [])),
  ]
}

function findFaultsIn(list: unknown, path: string): Finding[] {
  if (!Array.isArray(list)) return []
  // What a list brings is said of the list.
  const uses = list.flatMap((use: unknown, index) => (isMap(use) && !isListUse(use) ? [{ use, index }] : []))
  if (uses.length === 0) return []
  const text = JSON.stringify({ gatewright: 1, [LIST]: uses.map(({ use }) => use) })
  const file = { path: '/uses.json', text, isForeign: true }
  const nothing = (): undefined => undefined
  const { draft, findings, sources } = resolve({ files: [file], env: nothing, readFile: nothing, secret: nothing })
  const found = validate(draft, BUILT_IN_POLICIES, {
    sources,
    checkExpression: checkExpressionHere,
    checkPattern,
    isCatalogueIncomplete: false,
    isWhole: false,
    foreignFiles: new Set([file.path]),
  })
  return [...findings, ...found].flatMap((finding) => {
    const [, at, rest] = /^policies\[(\d+)\](.*)$/.exec(finding.at.path) ?? []
    const index = uses[Number(at)]?.index
    if (index === undefined || finding.severity !== 'fault' || ELSEWHERE.has(finding.code)) return []
    return [{ ...finding, at: { ...finding.at, path: `${path}[${index}]${rest}` } }]
  })
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
