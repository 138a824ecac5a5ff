/** Owns the check that what names an app names one that is there. */
import { suggestName } from '../closest.ts'
import type { Path } from '../finding.ts'
import type { Validation } from './validation.ts'

/** `isAny`: may be one that a token or another service names, without being in the configuration. Then it is a warning. */
export function checkApp(
  validation: Validation,
  id: string,
  { path, isAny }: { readonly path: Path; readonly isAny: boolean },
): void {
  const { apps } = validation.options
  if (apps === undefined) return
  // Apps come and go more often than whatever names one: that is looked at each time.
  validation.checkAgain()
  if (apps.some((app) => app.id === id) || validation.isLost(id)) return
  const ids = apps.map((app) => app.id)
  const suggestion = suggestName(id, ids, 'Apps') ?? 'Add it to `apps`.'
  const message = `There is no app "${id}".`
  if (!isAny) validation.fault(path, { code: 'unknown-app', message, suggestion })
  else
    validation.warn(path, {
      code: 'unknown-app',
      message: `There is no app "${id}" in \`apps\`: it could only come from a token or another service.`,
      suggestion,
    })
}
