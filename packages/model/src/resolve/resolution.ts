/** Owns what is known while files become a model: the parsed file, its raw data, the places, the findings. */

import { type Finding, type Path, toPathText } from '../finding.ts'
import type { UpstreamId } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import type { OpenApiReading } from '../openapi/read-openapi.ts'
import type { Origins } from '../source/origins.ts'
import type { ResolvedParts } from './resolved-parts.ts'
import type { Anchor, Sources } from './sources.ts'

export interface ResolveContext {
  readonly file: GatewrightFile
  /** The merged data that `file` was parsed from: same indexes, before defaults. */
  readonly raw: unknown
  readonly origins: Origins
  readonly sources: Sources
  readonly findings: Finding[]
  /** What parts became before. */
  readonly resolved: ResolvedParts
  /** Where a container stood before faulty parts were left out. */
  pathOf(container: unknown, fallback: Path): Path
  /** Cached by path. */
  readOpenApi(path: string): OpenApiReading
  /** SHA-256 → content, of every document that an API names. */
  readonly documents: Map<string, string>
  /** The id for an id or a URL; a URL makes an upstream of its own. */
  toUpstreamId(reference: string, modelPath: Path): UpstreamId
}

type Report = Omit<Finding, 'at' | 'severity'>

/** A fault at a part of the model whose place is already known. */
export function reportFault(context: ResolveContext, modelPath: Path, fault: Report): void {
  report(context, modelPath, { severity: 'fault', ...fault })
}

export function reportWarning(context: ResolveContext, modelPath: Path, warning: Report): void {
  report(context, modelPath, { severity: 'warning', ...warning })
}

/** Where something should be put in and is not, that is the fault already. */
function report({ findings, sources }: ResolveContext, modelPath: Path, said: Omit<Finding, 'at'>): void {
  const at = sources.find(modelPath)
  if (!sources.isUnfilled(at)) findings.push({ ...said, at })
}

/** At a place of the files: what stands there may have another place in the model, or none. */
export function reportInFile(
  context: ResolveContext,
  filePath: Path,
  report: Report & Pick<Finding, 'severity'>,
): void {
  const { place, path } = toAnchor(context, filePath)
  context.findings.push({ ...report, at: { ...place, path: toPathText(path) } })
}

/** Links a part of the model to the part of the files that says it. */
export function linkPart(context: ResolveContext, modelPath: Path, filePath: Path): void {
  context.sources.add(modelPath, toAnchor(context, filePath))
}

export function toAnchor(context: ResolveContext, filePath: Path): Anchor {
  let value = context.raw
  for (const segment of filePath) {
    value =
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[segment] : undefined
  }
  const place = context.origins.placeAt(context.raw, filePath)
  return { value, place, path: context.pathOf(value, filePath) }
}

/** The file that says `key` of a part, for paths that are relative to it. */
export function findSayingFile({ raw, origins }: ResolveContext, filePath: Path): string {
  return origins.placeAt(raw, filePath).file
}
