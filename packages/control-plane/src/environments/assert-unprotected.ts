/** Owns that nobody removes a protected environment by a slip. */
import { AdminProblem } from '../http/admin-problem.ts'
import type { Resource } from '../resources/resource.ts'
import type { EnvironmentBody } from './environment-body.ts'

/** @rejects AdminProblem */
export async function assertUnprotected({ id, body }: Resource): Promise<void> {
  if ((body as EnvironmentBody).protection === undefined) return
  throw new AdminProblem(
    'environment-protected',
    `"${id}" is protected, and is removed by nobody: take its protection off first.`,
  )
}
