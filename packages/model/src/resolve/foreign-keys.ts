/** Owns what a file may say that was not written on this machine: what is published, and nothing of how it is run and what lies on its disk. */
import { type Finding, type Path, toPathText } from '../finding.ts'
import type { ParsedSource } from '../source/parse-source.ts'

const OPEN_KEYS = new Set(['gatewright', 'upstreams', 'apis', 'plans', 'certificates'])

/** Where files are named, below the root; `*`: each item. Those of policies are known by their schemas. */
const FILES = [
  ['upstreams', '*', 'tls', 'ca'],
  ['upstreams', '*', 'tls', 'clientCertificate'],
  ['certificates', '*', 'cert'],
  ['certificates', '*', 'key'],
  ['certificates', '*', 'folder'],
  ['certificates', '*', 'acme', 'ca'],
  ['certificates', '*', 'acme', 'externalAccount'],
  ['certificates', '*', 'acme', 'challenge', 'dns'],
]
/** Documents that came with it are named without a folder. */
const DOCUMENTS = [
  ['apis', '*', 'openapi'],
  ['apis', '*', 'releases', '*', 'openapi'],
]

/** A fault for each other key, and for each file of this machine. */
export function findForeignKeys({ value, origins }: ParsedSource): Finding[] {
  if (typeof value !== 'object' || value === null) return []
  const report = (path: Path, code: string, message: string): Finding => ({
    severity: 'fault',
    code,
    message,
    at: { ...origins.placeAt(value, path), path: toPathText(path) },
  })
  const keys = Object.keys(value).filter((key) => !OPEN_KEYS.has(key))
  const files = FILES.flatMap((pattern) => listPlaces(value, pattern))
  const documents = DOCUMENTS.flatMap((pattern) => listPlaces(value, pattern)).filter(
    ({ found }) => typeof found === 'string' && /[/\\]|^\.\.?$/.test(found),
  )
  return [
    ...keys.map((key) =>
      report([key], 'foreign-key', `"${key}" is said on this machine alone, and not by what comes from elsewhere.`),
    ),
    ...[...files, ...documents].map(({ path }) =>
      report(path, 'foreign-file', 'What comes from elsewhere names no files of this machine.'),
    ),
  ]
}

interface Found {
  readonly path: Path
  readonly found: unknown
}

function listPlaces(root: unknown, pattern: readonly string[]): Found[] {
  let places: Found[] = [{ path: [], found: root }]
  for (const step of pattern) places = places.flatMap((place) => stepInto(place, step))
  return places
}

function stepInto({ path, found }: Found, step: string): Found[] {
  if (typeof found !== 'object' || found === null) return []
  if (step === '*')
    return Array.isArray(found) ? found.map((item, index) => ({ path: [...path, index], found: item })) : []
  const member = (found as Record<string, unknown>)[step]
  return member === undefined ? [] : [{ path: [...path, step], found: member }]
}
