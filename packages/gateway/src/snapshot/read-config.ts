/** Owns what a path of a configuration stands for: a file, or the files of a folder, and a finding for each that cannot be read. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, SourceFile } from '@gatewright/model'
import { isMissing, readTextFile, TextFault } from './read-text-file.ts'

/** None where one of them cannot be read: what refers to the others would be a second fault. */
export function readConfig(path: string, findings: Finding[]): SourceFile[] {
  const suggestion = 'run `gatewright init` for an example, or name another with --config'
  try {
    if (!statSync(path).isDirectory()) return [{ path, text: readTextFile(path) }]
    const names = readdirSync(path).filter(isMember)
    const files = names.sort().flatMap((name) => readMember(join(path, name), findings))
    if (names.length > 0) return files.length === names.length ? files : []
    const message = `the folder ${path} holds no .yaml, .yml or .json file`
    findings.push(toReadFault(path, { message, suggestion: 'put a gatewright.yaml there' }))
  } catch (error) {
    findings.push(toFinding(path, error, { missing: `there is no file or folder ${path}`, suggestion }))
  }
  return []
}

/** Is a file of this name read in a folder? */
export function isMember(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name) && !name.startsWith('.')
}

function readMember(path: string, findings: Finding[]): SourceFile[] {
  try {
    return [{ path, text: readTextFile(path) }]
  } catch (error) {
    const suggestion = isMissing(error) ? 'Is it a link that leads nowhere?' : 'Mend it, or take it out of the folder.'
    findings.push(toFinding(path, error, { missing: `there is no file ${path}`, suggestion }))
    return []
  }
}

function toFinding(
  path: string,
  error: unknown,
  { missing, suggestion }: { missing: string; suggestion: string },
): Finding {
  if (error instanceof TextFault)
    return toReadFault(path, { ...error, message: `${path} cannot be read: ${error.message}` })
  const said = error instanceof Error ? error.message : String(error)
  return toReadFault(path, { message: isMissing(error) ? missing : `${path} cannot be read: ${said}`, suggestion })
}

function toReadFault(
  path: string,
  {
    message,
    suggestion,
    line = 0,
    column = 0,
  }: { message: string; suggestion: string; line?: number; column?: number },
): Finding {
  return {
    severity: 'fault',
    code: 'unreadable',
    message,
    suggestion,
    at: { file: path, line, column, path: '' },
  }
}
