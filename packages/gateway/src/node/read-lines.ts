/** Owns the lines of a stream of text, one by one; a stream that breaks is an error, and a last line without an end is none. */
import type { Readable } from 'node:stream'

export async function* readLines(input: Readable): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
