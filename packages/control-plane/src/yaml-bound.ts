/** Owns how much YAML is read of others. */

/** What people write is shorter by far. A reader of YAML takes its time, and room for all that is wrong, and everybody waits meanwhile; JSON is read at once. */
const MOST_BYTES = 1024 * 1024

export const MOST_YAML = '1 MiB'

export function isTooMuchYaml(text: string): boolean {
  return Buffer.byteLength(text) > MOST_BYTES
}

/** A map, or a list of maps or texts: brackets within brackets are read by nobody. */
export function isJson(text: string): boolean {
  if (!/^\s*(?:\{|\[\s*[{"\]])/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
