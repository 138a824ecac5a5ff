/** Owns the lines of a stream of text, one by one; a stream that breaks is an error, and a last line without an end is none. */
import type { Readable } from 'node:stream'

export async function* readLines(input: Readable): AsyncGenerator<string> {
  // A line may be long and come in many chunks: each is looked at once.
  let begun: string[] = []
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    begun.push(first)
    for (const next of others) {
      yield begun.join('')
      begun = [next]
    }
  }
}
