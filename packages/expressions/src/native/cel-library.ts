/** Loads the CEL library when the first expression needs it: it costs about 70 ms and 20 MB a thread, once. */
import { createRequire } from 'node:module'
import type * as Cel from '@bufbuild/cel'
import type * as Extensions from '@bufbuild/cel/ext'

export type { CelEnv, CelInput, CelList, CelMap, CelResult, CelValue } from '@bufbuild/cel'

/** A node of a parsed expression. */
export type Expr = ReturnType<typeof Cel.parse>['expr']

/** The functions that share a name. */
export type FunctionGroup = NonNullable<ReturnType<Cel.CelEnv['funcs']['find']>>

/** The library, and the environment whose functions every expression may call. */
export interface CelLibrary {
  readonly cel: typeof Cel
  readonly env: Cel.CelEnv
  /** CEL's timestamp of an instant. */
  toTimestamp(instant: Date): Cel.CelValue
}

/**
 * The text functions of CEL's strings extension that are offered. `format` and `strings.quote` are not: their output is
 * not bounded by their input, and templates are for that.
 */
const TEXT_FUNCTIONS = new Set([
  'charAt',
  'indexOf',
  'join',
  'lastIndexOf',
  'lowerAscii',
  'replace',
  'split',
  'substring',
  'trim',
  'upperAscii',
])

const require = createRequire(import.meta.url)
let loaded: CelLibrary | undefined

/** The library of this thread; the first call loads it, synchronously. */
export function loadCelLibrary(): CelLibrary {
  loaded ??= createLibrary()
  return loaded
}

function createLibrary(): CelLibrary {
  const cel = require('@bufbuild/cel') as typeof Cel
  const { strings } = require('@bufbuild/cel/ext') as typeof Extensions
  const env = cel.celEnv({ funcs: strings.filter((func) => TEXT_FUNCTIONS.has(func.name)) })
  // Only the library itself can make its messages, so a small expression of its own does it.
  const timestamp = cel.plan(env, cel.parse('timestamp(text)'))
  return {
    cel,
    env,
    toTimestamp(instant) {
      const value = timestamp({ text: instant.toISOString() })
      if (cel.isCelError(value)) throw value
      return value
    },
  }
}
