/** Owns how a change between two revisions is told: what it is about, where in that, and one line for people. */

export interface DescribedChange {
  readonly kind: 'added' | 'removed' | 'changed'
  /** `API`, `route getOrder`, `operation GET /orders`, `schema Order`, `document`; with a policy of it: `route getOrder, policy jwt`. */
  readonly what: string
  /** Within that; empty for all of it. */
  readonly path: string
  /** One line, which begins with what it is about. */
  readonly text: string
  /** Secrets stand in neither. */
  readonly before?: unknown
  readonly after?: unknown
}

/** Longer ones are cut: the text is for the eye. */
const SHOWN_MAX = 60

export function showValue(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[\w./:*{}+@-]+$/.test(value)
  const text = isPlain ? value : (JSON.stringify(value) ?? 'nothing')
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text
}
