/** Owns the ways in which a row of a table is put on the wire: whole, byte by byte, and cut in two at every place. */

/** `whole`; `bytes`: one at a time; a number: two parts, cut there. */
export type Delivery = 'whole' | 'bytes' | number

/** Writes `bytes` in parts; `write` resolves when the kernel has them. */
export async function deliver(
  bytes: string,
  delivery: Delivery,
  write: (part: string) => Promise<void>,
): Promise<void> {
  if (delivery === 'whole') return write(bytes)
  const cuts = delivery === 'bytes' ? Array.from({ length: bytes.length - 1 }, (_, i) => i + 1) : [delivery]
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    await write(bytes.slice(at, cut))
    at = cut
    // A turn of both loops, so that the other side reads what is there before the rest comes.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** Longer texts are cut only around their line ends and here and there: a cut within 60 KB of one letter tells nothing new. */
const MOST_FOR_EVERY_CUT = 700

export function* deliveriesOf(bytes: string): Generator<Delivery> {
  yield 'whole'
  if (bytes.length <= MOST_FOR_EVERY_CUT) {
    if (bytes.length > 1) yield 'bytes'
    for (let cut = 1; cut < bytes.length; cut++) yield cut
    return
  }
  const cuts = new Set<number>()
  for (let at = bytes.indexOf('\n'), lines = 0; at >= 0 && lines < 8; at = bytes.indexOf('\n', at + 1), lines++) {
    for (let cut = at - 2; cut <= at + 2; cut++) cuts.add(cut)
  }
  for (let part = 1; part < 8; part++) cuts.add(Math.floor((bytes.length * part) / 8))
  for (let cut = bytes.length - 4; cut < bytes.length; cut++) cuts.add(cut)
  for (const cut of cuts) if (cut > 0 && cut < bytes.length) yield cut
}
