/** Owns additions to `Vary`. */
import type { HeaderList } from './header-list.ts'

/** RFC 9110 §12.5.5: caches keep answers apart by these fields. What is listed already, or covered by `*`, is not added. */
export function addVary(headers: HeaderList, names: string): void {
  const known = headers.get('vary')
  if (known === undefined) {
    headers.append('Vary', names)
    return
  }
  const listed = new Set(known.split(',').map((name) => name.trim().toLowerCase()))
  if (listed.has('*')) return
  const added = names.split(', ').filter((name) => !listed.has(name.toLowerCase()))
  if (added.length > 0) headers.set('Vary', [known, ...added].join(', '))
}
