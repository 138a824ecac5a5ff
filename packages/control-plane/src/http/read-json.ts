/** Owns reading a body that is JSON: of a bounded depth, since whoever goes through it later does so with a stack. */
import { AdminProblem } from './admin-problem.ts'

/** As deep as a file of YAML may be. */
const DEPTH_MAX = 128

/** @throws AdminProblem */
export function readJson(text: string): unknown {
  if (isTooDeep(text)) {
    throw new AdminProblem('request-invalid', `body: brackets stand within brackets more than ${DEPTH_MAX} deep.`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AdminProblem('request-invalid', `body: this is no JSON: ${(error as Error).message}`)
  }
}

/** In one go, whatever it is: brackets within texts are none (RFC 8259 §7). */
function isTooDeep(text: string): boolean {
  let depth = 0
  let isWithin = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (isWithin && letter === '\\') at++
    else if (letter === '"') isWithin = !isWithin
    else if (isWithin) continue
    else if (letter === '[' || letter === '{') depth++
    else if (letter === ']' || letter === '}') depth--
    if (depth > DEPTH_MAX) return true
  }
  return false
}
