/** Owns what is wrong with a body that somebody puts: all of it at once, each with its place and how to mend it. Pure. */
import { describeIssues, type Finding, toPathText } from '@gatewright/model'
import { findUseFaults } from '../publish/find-use-faults.ts'
import type { Kind } from './kind.ts'

const FILE = { file: '', line: 0, column: 0 }

/** `isToRun`: also what gateways could not run of it. */
export function findBodyFaults({ body: schema }: Kind, body: unknown, isToRun: boolean): readonly Finding[] {
  const issues = schema.safeParse(body).error?.issues ?? []
  // A key may stand where its name belongs: what does not fit is repeated to nobody.
  const unfit = new Set(issues.flatMap(({ code, path }) => (code === 'invalid_format' ? [path.join('/')] : [])))
  const malformed = describeIssues(issues, {
    schema,
    value: body,
    at: (path) => ({ ...FILE, path: toPathText(path) }),
    isSecret: (path) => unfit.has(path.join('/')),
  })
  if (!isToRun) return malformed
  const told = new Set(malformed.map(({ at }) => at.path))
  return [...malformed, ...findUseFaults(body).filter(({ at }) => !told.has(at.path))]
}
