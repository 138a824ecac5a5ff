/** Owns reading a body that is YAML: plain data of a bounded size and depth, or a problem that names the line. */
import { parseSource } from '@gatewright/model'
import { AdminProblem } from './admin-problem.ts'

/** What people write is shorter by far; a reader of YAML takes its time, and everybody waits meanwhile. */
const MOST_BYTES = 1024 * 1024

/** @throws AdminProblem */
export function readYaml(text: string): unknown {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new AdminProblem('body-too-large', 'A body of YAML may have 1 MiB.')
  const { value, findings } = parseSource({ path: 'body.yaml', text })
  const errors = findings.map(({ message, suggestion, at: { line, column } }) => ({
    at: `body:${line}:${column}`,
    message: suggestion === undefined ? message : `${message} ${suggestion}`,
  }))
  const [first] = errors
  if (first !== undefined) {
    throw new AdminProblem('request-invalid', `${first.at}: ${first.message}`, { extensions: { errors } })
  }
  // As it is kept: what JSON cannot say, such as `.nan`, is judged as what becomes of it.
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}
