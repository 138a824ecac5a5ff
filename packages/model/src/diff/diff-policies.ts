/** Owns the comparison of policy lists: uses are paired by id, else by name and ordinal, and their order counts. */
import type { PolicyUse } from '../gateway-model.ts'
import { type Change, diffValues } from './diff-values.ts'

interface NamedUse {
  /** Equal in both lists for what is the same use. */
  readonly key: string
  /** What people call it: `rate-limit`, `rate-limit (burst)`, `rate-limit #2`. */
  readonly name: string
  readonly use: PolicyUse
}

export function diffPolicies(subject: string, before: readonly PolicyUse[], after: readonly PolicyUse[]): Change[] {
  if (before === after) return []
  const old = nameUses(before)
  const now = nameUses(after)
  const oldKeys = new Map(old.map((named) => [named.key, named]))
  const nowKeys = new Set(now.map((named) => named.key))
  const changes: Change[] = []
  for (const { key, name, use } of old) {
    if (nowKeys.has(key)) continue
    changes.push({ kind: 'removed', subject, text: `removes policy ${name}`, policy: name, before: use })
  }
  for (const [index, { key, name, use }] of now.entries()) {
    const earlier = oldKeys.get(key)
    if (earlier === undefined) {
      const place = now.length === 1 ? '' : index === 0 ? ', first' : `, after ${now[index - 1]?.name}`
      changes.push({ kind: 'added', subject, text: `adds policy ${name}${place}`, policy: name, after: use })
    } else {
      const inside = diffValues(subject, { ...earlier.use }, { ...use })
      changes.push(
        ...inside.map((change) => ({
          ...change,
          policy: name,
          text: `policy ${name}: ${change.text.replace(/(^|\s)options\./, '$1')}`,
        })),
      )
    }
  }
  return [
    ...changes,
    ...diffOrder(
      subject,
      old.filter(({ key }) => nowKeys.has(key)),
      now.filter(({ key }) => oldKeys.has(key)),
    ),
  ]
}

function diffOrder(subject: string, before: readonly NamedUse[], after: readonly NamedUse[]): Change[] {
  if (before.every(({ key }, index) => after[index]?.key === key)) return []
  const names = (uses: readonly NamedUse[]): string => uses.map(({ name }) => name).join(', ')
  return [{ kind: 'changed', subject, text: `runs policies in another order: ${names(before)} → ${names(after)}` }]
}

function nameUses(uses: readonly PolicyUse[]): NamedUse[] {
  const counts = new Map<string, number>()
  return uses.map((use) => {
    if (use.id !== undefined) return { key: `id ${use.policy} ${use.id}`, name: `${use.policy} (${use.id})`, use }
    const ordinal = (counts.get(use.policy) ?? 0) + 1
    counts.set(use.policy, ordinal)
    return { key: `${use.policy} #${ordinal}`, name: ordinal === 1 ? use.policy : `${use.policy} #${ordinal}`, use }
  })
}
