// Owns the bars: a limit the project set itself, what was measured, and whether it was met.

export interface Bar {
  what: string
  limit: string
  measured: string
  verdict: 'PASS' | 'MISSED' | 'NOT MEASURED'
}

type Measured = number | undefined

/** `value ÷ base` must not exceed `limit`. */
export function atMostTimes(what: string, limit: number, { value, base }: { value: Measured; base: Measured }): Bar {
  return judge(what, `≤ ${limit} ×`, { ratio: divide(value, base), met: (ratio) => ratio <= limit, unit: '×' })
}

/** `value ÷ base` must reach `limit`. */
export function atLeastTimes(what: string, limit: number, { value, base }: { value: Measured; base: Measured }): Bar {
  return judge(what, `≥ ${limit} ×`, { ratio: divide(value, base), met: (ratio) => ratio >= limit, unit: '×' })
}

export function atMost(what: string, limit: number, { value, unit }: { value: Measured; unit: string }): Bar {
  return judge(what, `≤ ${limit} ${unit}`, { ratio: value, met: (number) => number <= limit, unit })
}

interface Judged {
  ratio: Measured
  met: (ratio: number) => boolean
  unit: string
}

function judge(what: string, limit: string, { ratio, met, unit }: Judged): Bar {
  if (ratio === undefined) return { what, limit, measured: '–', verdict: 'NOT MEASURED' }
  return {
    what,
    limit,
    measured: Number.isFinite(ratio) ? `${toShort(ratio)} ${unit}` : 'never',
    verdict: met(ratio) ? 'PASS' : 'MISSED',
  }
}

function divide(value: Measured, base: Measured): Measured {
  return value === undefined || base === undefined ? undefined : value / base
}

/** Three significant digits at most, none lost before the point. */
export function toShort(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}
