/** Owns the checks of previews: releases that are not live, each with a token of its own. */
import type { Path } from '../finding.ts'
import type { Api } from '../gateway-model.ts'
import type { Validation } from './validation.ts'

export function validatePreviews(validation: Validation, { id, releases }: Api, path: Path): void {
  const tokens = new Map<string, string>()
  for (const [index, { revision, preview, share = 0, when, apps }] of releases.entries()) {
    if (preview === undefined) continue
    const at = [...path, 'releases', index, 'preview']
    // Others expire while the file stays as it is.
    validation.checkAgain()
    const live = [share > 0 && '`share`', when !== undefined && '`when`', apps !== undefined && '`apps`']
    const said = live.filter((name) => name !== false)
    if (said.length > 0) {
      validation.fault(at, {
        code: 'preview-is-live',
        message: `The release "${revision}" of the API "${id}" is a preview, and has ${said.join(' and ')}, which others get it by.`,
        suggestion: 'Remove `preview` to make it live, or the others to keep it for who has the token.',
      })
    }
    const other = tokens.get(preview.hash)
    tokens.set(preview.hash, other ?? revision)
    if (other !== undefined) {
      validation.fault([...at, 'hash'], {
        code: 'duplicate-key',
        message: `The token of this preview is that of the release "${other}" already.`,
        suggestion: 'Make another with `gatewright key new`.',
      })
    }
    const { nowMs } = validation.options
    if (nowMs === undefined || preview.expires > nowMs) continue
    validation.warn([...at, 'expires'], {
      code: 'preview-expired',
      message: `The preview of the release "${revision}" has expired: nobody gets it.`,
      suggestion: 'Remove the release, or say a later time.',
    })
  }
}
