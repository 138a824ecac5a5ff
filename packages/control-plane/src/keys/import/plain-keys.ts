/** Owns reading keys from plain text: one a line, and behind it, after a space, whose it is. A hash begins with its name: `sha256:`. Lines that begin with "# " are remarks. */
import type { SourceFile } from '@gatewright/model'
import { ImportedKeys, type KeyImport } from './imported-keys.ts'

const LINE = /^(?<key>\S+)(?:\s+(?<app>.*\S))?\s*$/

export function readPlainKeys({ path, text }: SourceFile, takesWeak = false): KeyImport {
  const imported = new ImportedKeys(path, takesWeak)
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [at, written] of lines.entries()) {
    const line = written.trim()
    if (line === '' || line === '#' || line.startsWith('# ')) continue
    const { key = '', app = '' } = LINE.exec(line)?.groups ?? {}
    imported.take({ app, key: /^sha(?:256|384|512):/.test(key) ? { hash: key } : { value: key } }, { line: at + 1 })
  }
  return imported.end()
}
