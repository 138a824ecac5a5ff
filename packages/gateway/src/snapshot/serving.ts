/** Owns what serves, and the files that it names, read again for it: as it is opened from disk, and while the configuration is faulty. */
import { hasFaults } from '@gatewright/model'
import { type GatewayModel, type PemFile, toTextHash } from '@gatewright/model/runtime'
import { checkClientAuthorities } from '../certificates/check-client-authorities.ts'
import { type CertificateMemory, type LoadedCertificates, loadCertificates } from '../certificates/load-certificates.ts'
import type { LastGood } from './last-good.ts'
import type { Configuration, PolicyFiles } from './load.ts'
import { readTextFile } from './read-text-file.ts'

/** What every thread runs, and the files that it depends on. */
export interface Serving
  extends LastGood,
    Pick<Configuration, 'certificates' | 'policyFiles' | 'watched' | 'watchedFolders'> {}

/** With the texts that its threads need. */
export interface Reread extends Pick<Configuration, 'pems'> {
  readonly serving: Serving
}

const NO_FILES: PolicyFiles = { wanted: [], shared: new Map() }
const NOWHERE = { find: () => ({ file: '', line: 0, column: 0, path: '' }) }

/** A kept model names PEM files, and never holds what stands in them. @throws where one cannot be read */
export function openLastGood(good: LastGood, memory: CertificateMemory, policyFiles: PolicyFiles = NO_FILES): Reread {
  const certificates = loadCertificates(good.model.certificates, { sources: NOWHERE, nowMs: Date.now(), memory })
  const { model, pems, paths } = rereadPems(good.model)
  return { serving: { ...good, model, certificates, policyFiles, ...toWatched(paths, certificates) }, pems }
}

/** With its certificates as they are now. Those that cannot be read or used stay as they were. */
export function rereadCertificates(serving: Serving, memory: CertificateMemory): Serving {
  const given = { sources: NOWHERE, nowMs: Date.now(), memory, isShown: true }
  const certificates = loadCertificates(serving.model.certificates, given)
  if (hasFaults(certificates.findings)) return serving
  return { ...serving, certificates, ...toWatched(serving.watched, certificates) }
}

/** With what clients and upstreams are judged by, and upstreams are shown, as it is now. @throws where it cannot be read or used */
export function rereadAuthorities(serving: Serving): Reread {
  const { model, pems } = rereadPems(serving.model)
  const findings = checkClientAuthorities(model, { sources: NOWHERE, pems })
  const fault = findings.find(({ severity }) => severity === 'fault')
  if (fault !== undefined) throw new Error(fault.message)
  return { serving: { ...serving, model }, pems }
}

function toWatched(
  paths: readonly string[],
  { watched, folders }: LoadedCertificates,
): Pick<Serving, 'watched' | 'watchedFolders'> {
  return { watched: [...new Set([...paths, ...watched])], watchedFolders: folders }
}

interface RereadModel {
  /** The same object where all files are as they were. */
  readonly model: GatewayModel
  readonly pems: ReadonlyMap<string, string>
  readonly paths: readonly string[]
}

/** @throws where one cannot be read */
function rereadPems(model: GatewayModel): RereadModel {
  const pems = new Map<string, string>()
  const paths: string[] = []
  const reread = (file: PemFile): PemFile => {
    const { path } = file
    const text = readTextFile(path)
    const sha256 = toTextHash(text)
    pems.set(sha256, text)
    paths.push(path)
    return sha256 === file.sha256 ? file : { path, sha256 }
  }
  const listeners = rewrite(model.listeners, reread)
  const upstreams = rewrite(model.upstreams, reread)
  const isSame = listeners === model.listeners && upstreams === model.upstreams
  return { model: isSame ? model : { ...model, listeners, upstreams }, pems, paths }
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
