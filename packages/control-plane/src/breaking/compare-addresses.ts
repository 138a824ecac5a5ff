/** Owns the comparison of where two forms of an API answer: hosts, and what counts when paths are matched. */
import type { Api } from '@gatewright/model'
import type { BreakingChange, ChangePlace } from './breaking-change.ts'

export function compareAddresses(before: Api, after: Api): BreakingChange[] {
  if (before.enabled === false) return []
  if (after.enabled === false)
    return [
      { code: 'api-disabled', at: inBody('/enabled'), message: 'The API is switched off.', before: true, after: false },
    ]
  return [...compareHosts(before, after), ...compareMatching(before, after)]
}

function compareHosts(before: Api, after: Api): BreakingChange[] {
  const now = after.hosts
  if (now === undefined) return []
  const at = inBody('/hosts')
  if (before.hosts === undefined) {
    const message = `The API answered to every host, and answers only to ${now.join(', ')} now.`
    return [{ code: 'host-removed', at, message, after: now }]
  }
  return before.hosts
    .filter((host) => !now.some((other) => other === host || isWildcardOf(other, host)))
    .map((host) => ({
      code: 'host-removed',
      at,
      message: `"${host}" is not answered any more.`,
      before: host,
      after: now,
    }))
}

/** `*.example.com` stands for one label. */
function isWildcardOf(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1)
}

function compareMatching(before: Api, after: Api): BreakingChange[] {
  const words = { caseSensitive: 'Letter case', strictSlash: 'A slash at the end of paths' }
  return (['caseSensitive', 'strictSlash'] as const)
    .filter((key) => after[key] && !before[key])
    .map((key) => {
      const message = `${words[key]} makes a difference now.`
      return { code: 'matching-stricter', at: inBody(`/${key}`), message, before: false, after: true }
    })
}

export function inBody(pointer: string, operation?: string): ChangePlace {
  return { ...(operation !== undefined && { operation }), of: 'body', version: 'after', pointer }
}
