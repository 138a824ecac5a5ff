/** Owns the PEM files of a model that was kept on disk: it names them, and never holds what stands in them. */
import { type GatewayModel, type PemFile, toTextHash } from '@gatewright/model/runtime'
import { type LoadedCertificates, loadCertificates } from '../certificates/load-certificates.ts'
import { readTextFile } from './read-text-file.ts'

interface Reread {
  readonly model: GatewayModel
  readonly pems: ReadonlyMap<string, string>
  readonly certificates: LoadedCertificates
}

/** The same model with the files as they are now, and their texts. @throws where one cannot be read */
export function rereadPems(model: GatewayModel): Reread {
  const pems = new Map<string, string>()
  const reread = ({ path }: PemFile): PemFile => {
    const text = readTextFile(path)
    const sha256 = toTextHash(text)
    pems.set(sha256, text)
    return { path, sha256 }
  }
  const listeners = rewrite(model.listeners, reread)
  const upstreams = rewrite(model.upstreams, reread)
  const sources = { find: () => ({ file: '', line: 0, column: 0, path: '' }) }
  const certificates = loadCertificates(model.certificates, { sources, nowMs: Date.now() })
  return { model: { ...model, listeners, upstreams }, pems, certificates }
}

/** What names no file stays the same object. */
function rewrite<Value>(value: Value, reread: (file: PemFile) => PemFile): Value {
  if (typeof value !== 'object' || value === null) return value
  if (isPemFile(value)) return reread(value) as Value
  const entries = Object.entries(value)
  const rewritten = entries.map(([key, member]) => [key, rewrite(member, reread)] as const)
  if (rewritten.every(([, member], at) => member === entries[at]?.[1])) return value
  return (Array.isArray(value) ? rewritten.map(([, member]) => member) : Object.fromEntries(rewritten)) as Value
}

function isPemFile(value: object): value is PemFile {
  return 'sha256' in value && 'path' in value
}
