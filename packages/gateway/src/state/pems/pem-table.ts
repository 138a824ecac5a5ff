/**
 * Owns PEM texts in memory that all threads share: one copy a process of what thousands of certificates hold, found by the
 * SHA-256 of its text. What a snapshot refers to is there before it runs, and unchanged for as long as it does.
 *
 *   memory   text text text …        places   sha256 → [at, bytes]
 */

/** What threads open. Plain data and shared memory. */
export interface PemDescriptor {
  readonly memory: SharedArrayBuffer
  readonly places: ReadonlyMap<string, readonly [at: number, bytes: number]>
}

/** @throws where nothing was said to have this hash */
export type GetPem = (sha256: string) => string

const NONE: PemDescriptor = { memory: new SharedArrayBuffer(0), places: new Map() }

export class PemTable {
  #texts: ReadonlyMap<string, string> = new Map()
  #defined: ReadonlyMap<string, string> = new Map()
  #descriptor = NONE

  get descriptor(): PemDescriptor {
    return this.#descriptor
  }

  /** Adds these to those of the last settled generation. */
  define(texts: ReadonlyMap<string, string>): PemDescriptor {
    this.#defined = texts
    this.#hold(new Map([...this.#texts, ...texts]))
    return this.#descriptor
  }

  /** Only what was defined last is kept. */
  settle(): void {
    this.#texts = this.#defined
    this.#hold(this.#texts)
  }

  #hold(texts: ReadonlyMap<string, string>): void {
    const { places } = this.#descriptor
    if (places.size === texts.size && [...texts.keys()].every((hash) => places.has(hash))) return
    this.#descriptor = toPemDescriptor(texts)
  }
}

export function toPemDescriptor(texts: ReadonlyMap<string, string>): PemDescriptor {
  const places = new Map<string, readonly [number, number]>()
  let bytes = 0
  for (const [hash, text] of texts) {
    const length = Buffer.byteLength(text)
    places.set(hash, [bytes, length])
    bytes += length
  }
  const memory = new SharedArrayBuffer(bytes)
  const octets = Buffer.from(memory)
  for (const [hash, text] of texts) octets.write(text, places.get(hash)?.[0] ?? 0)
  return { memory, places }
}

export function openPems({ memory, places }: PemDescriptor): GetPem {
  const octets = Buffer.from(memory)
  return (hash) => {
    const place = places.get(hash)
    if (place === undefined) throw new Error(`no PEM text was shipped for ${hash}`)
    return octets.toString('utf8', place[0], place[0] + place[1])
  }
}
