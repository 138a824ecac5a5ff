/** Owns the picture of a link that phones read (ISO/IEC 18004): as numbers, so that a page draws it without taking markup from anybody. */
import { encode } from 'uqr'

export interface QrPicture {
  /** Modules on a side, with the quiet zone around. */
  readonly size: number
  /** Of SVG, one unit a module: all that is dark. */
  readonly path: string
}

/** §6.3.8: four modules of nothing on each side. */
const QUIET = 4

export function toQrPicture(text: string): QrPicture {
  const { size, data } = encode(text, { border: QUIET })
  return { size, path: data.flatMap(toRuns).join('') }
}

function toRuns(row: readonly boolean[], y: number): string[] {
  const line = row.map((isDark) => (isDark ? '1' : '0')).join('')
  return [...line.matchAll(/1+/g)].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`)
}
