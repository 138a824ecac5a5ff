/** Owns what a path of a configuration stands for: a file, or the files of a folder, and a finding for each that cannot be read. */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve as resolvePath } from 'node:path'
import type { Finding, SourceFile } from '@gatewright/model'
import { isMissing, readTextFile, TextFault } from './read-text-file.ts'

/** Of what is not there; what is, and cannot be read, says for itself what is to be mended. */
interface Absence {
  readonly message: string
  readonly suggestion: string
}

/** None where one of them cannot be read: what refers to the others would be a second fault. */
export function readConfig(path: string, findings: Finding[]): SourceFile[] {
  try {
    if (!statSync(path).isDirectory()) return [{ path, text: readTextFile(path) }]
    const names = readdirSync(path).filter(isMember)
    const files = names.sort().flatMap((name) => readMember(join(path, name), findings))
    if (names.length > 0) return files.length === names.length ? files : []
    const message = `the folder ${path} holds no .yaml, .yml or .json file`
    findings.push(toReadFault(path, { message, suggestion: 'put a gatewright.yaml there' }))
  } catch (error) {
    const message = `there is no file or folder ${path}`
    const suggestion = 'run `gatewright init` for an example, or name another with --config'
    findings.push(toFinding(path, error, { message, suggestion }))
  }
  return []
}

/** The folder that a configuration is, or that its file lies in. */
export function findConfigFolder(path: string): string {
  const absolute = resolvePath(path)
  return isFolder(absolute) ? absolute : dirname(absolute)
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Is a file of this name read in a folder? */
export function isMember(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name) && !name.startsWith('.')
}

function readMember(path: string, findings: Finding[]): SourceFile[] {
  try {
    return [{ path, text: readTextFile(path) }]
  } catch (error) {
    const suggestion = 'Is it a link that leads nowhere?'
    findings.push(toFinding(path, error, { message: `there is no file ${path}`, suggestion }))
    return []
  }
}

function toFinding(path: string, error: unknown, absence: Absence): Finding {
  if (isMissing(error)) return toReadFault(path, absence)
  const message = `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  return toReadFault(path, { ...(error instanceof TextFault && error), message })
}

function toReadFault(
  path: string,
  { message, suggestion, line = 0, column = 0 }: Partial<Omit<TextFault, 'message'>> & { message: string },
): Finding {
  const at = { file: path, line, column, path: '' }
  return { severity: 'fault', code: 'unreadable', message, ...(suggestion !== undefined && { suggestion }), at }
}
