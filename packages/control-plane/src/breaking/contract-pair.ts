/** Owns what is said of two contracts of one operation that are held against each other. */
import type { BreakingChangeCode, ChangePlace } from './breaking-change.ts'
import type { SchemaComparison } from './compare-schemas.ts'
import type { ContractDocument } from './contract-document.ts'
import type { Contract } from './read-contract.ts'

/** A change in a document, without its operation. */
export interface ContractChange extends Pick<ChangePlace, 'version' | 'pointer'> {
  readonly code: BreakingChangeCode
  readonly message: string
  readonly before?: unknown
  readonly after?: unknown
}

export interface ContractPair {
  readonly before: Contract
  readonly after: Contract
  /** For what stands outside of operations. */
  readonly documents: { readonly before: ContractDocument; readonly after: ContractDocument }
  /** Of path parameters, in the order in which they stand: names may change, places do not. */
  readonly pathNames: { readonly before: readonly string[]; readonly after: readonly string[] }
  readonly schemas: SchemaComparison
}

export function inAfter(code: BreakingChangeCode, pointer: string, message: string): ContractChange {
  return { code, version: 'after', pointer, message }
}

export function inBefore(code: BreakingChangeCode, pointer: string, message: string): ContractChange {
  return { code, version: 'before', pointer, message }
}
