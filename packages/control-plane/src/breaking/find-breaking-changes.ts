/** Owns what calls of today would stop working if an API became another form of itself. Pure, and never throws. */
import { type PublishedForm, type ResolvedForm, resolveForm } from '../apis/published-form.ts'
import { type BreakingChange, sortBreakingChanges } from './breaking-change.ts'
import { compareAddresses, inBody } from './compare-addresses.ts'
import { compareContracts } from './compare-contracts.ts'
import { compareRoutes, type RoutePair } from './compare-routes.ts'
import { SchemaComparison } from './compare-schemas.ts'
import { ContractDocument } from './contract-document.ts'
import { listPathNames } from './public-routes.ts'
import { readContract } from './read-contract.ts'

/** From `before` to `after`; in an order that depends on nothing but what they say. */
export function findBreakingChanges(before: PublishedForm, after: PublishedForm): BreakingChange[] {
  const [was, is] = [resolveForm(before), resolveForm(after)]
  // Nobody called what could not run.
  if (was.api === undefined) return []
  if (is.api === undefined) return [toIncomparable('The API cannot be read as it is now.', '')]
  const addresses = compareAddresses(was.api, is.api)
  if (is.api.enabled === false) return addresses
  const isUnread = is.content === undefined && (after.document ?? after.body.document) !== undefined
  if (isUnread) {
    const message = 'The OpenAPI document cannot be read as it is now: nothing can be told of its operations.'
    return sortBreakingChanges([...addresses, toIncomparable(message, '/document')])
  }
  const { changes, pairs } = compareRoutes({ api: was.api, body: before.body }, { api: is.api, body: after.body })
  return sortBreakingChanges([...addresses, ...changes, ...compareOperations(was, is, pairs)])
}

function toIncomparable(message: string, pointer: string): BreakingChange {
  return { code: 'not-comparable', at: inBody(pointer), message }
}

function compareOperations(was: ResolvedForm, is: ResolvedForm, pairs: readonly RoutePair[]): BreakingChange[] {
  if (was.content === is.content || was.content === undefined || is.content === undefined) return []
  const documents = { before: new ContractDocument(was.content), after: new ContractDocument(is.content) }
  const schemas = new SchemaComparison(documents.before, documents.after)
  const changes = pairs.flatMap(({ operation, method, before, after }) => {
    if (method === undefined || before.route.operation === undefined || after.route.operation === undefined) return []
    const [own] = after.route.methods ?? []
    const contracts = {
      before: readContract(documents.before, method, before.route.path),
      after: readContract(documents.after, own ?? method, after.route.path),
    }
    if (contracts.before === undefined || contracts.after === undefined) return []
    const pathNames = { before: listPathNames(before), after: listPathNames(after) }
    const found = compareContracts({ before: contracts.before, after: contracts.after, documents, pathNames, schemas })
    return found.map(({ version, pointer, ...change }): BreakingChange => {
      return { ...change, at: { operation, of: 'document', version, pointer } }
    })
  })
  if (!schemas.isExhausted) return changes
  return [...changes, toIncomparable('The schemas are too large or too deep to be compared as a whole.', '/document')]
}
