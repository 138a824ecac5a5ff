/** Owns the short way to a resolution in tests: texts by path, no file system. */
import { toFindingText } from '../finding.ts'
import { type Resolution, resolve } from '../resolve/resolve.ts'

export interface TextSetup {
  readonly overlays?: Readonly<Record<string, string>>
  /** What can be read beside the files: documents, secrets. */
  readonly others?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly hashKey?: (value: string) => string
}

/** A text stands for the file `/etc/gw/gatewright.yaml`. */
export function resolveText(files: string | Readonly<Record<string, string>>, setup: TextSetup = {}): Resolution {
  const texts = typeof files === 'string' ? { '/etc/gw/gatewright.yaml': files } : files
  return resolve({
    files: toFiles(texts),
    overlays: toFiles(setup.overlays ?? {}),
    env: (name) => setup.env?.[name],
    readFile: (path) => setup.others?.[path],
    ...(setup.hashKey && { hashKey: setup.hashKey }),
  })
}

/** Findings as lines, without their suggestions. */
export function toLines(findings: Resolution['findings']): string[] {
  return findings.map((finding) => toFindingText(finding).split('\n')[0] ?? '')
}

function toFiles(texts: Readonly<Record<string, string>>): { path: string; text: string }[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }))
}
