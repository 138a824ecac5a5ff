/** Owns reading a body that is YAML: plain data of a bounded size and depth, or a problem that names the line. */
import { parseSource } from '@gatewright/model'
import { isTooMuchYaml, MOST_YAML } from '../yaml-bound.ts'
import { AdminProblem } from './admin-problem.ts'

/** @throws AdminProblem */
export function readYaml(text: string): unknown {
  if (isTooMuchYaml(text)) throw new AdminProblem('body-too-large', `A body of YAML may have ${MOST_YAML}.`)
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
