/** Owns what readers of keys give: apps with their keys, and a finding for each line that is not taken. No finding says a key. */
import { type Finding, toTextHash } from '@gatewright/model'
import { isWeakKey } from '@gatewright/policies'
import type { KeyTerms } from '../key.ts'
import type { BroughtKey } from '../key-store.ts'

export interface ImportedApp {
  /** One that a control plane takes, and no other app of the import has. */
  readonly id: string
  /** As it was called where it came from. */
  readonly title: string
  readonly keys: readonly BroughtKey[]
}

export interface KeyImport {
  readonly apps: readonly ImportedApp[]
  readonly findings: readonly Finding[]
}

/** From 1; and where in the data, where that is known. */
export interface ImportPlace {
  readonly line: number
  readonly column?: number
  readonly path?: string
}

export interface FoundKey {
  /** What it is called there: keys that are called the same are of one app. */
  readonly app: string
  /** In the place of one that is made of the name. */
  readonly appId?: string
  readonly title?: string
  readonly key: { readonly value: string } | { readonly hash: string }
  readonly terms?: KeyTerms
}

/** Said of a line, without the key that stands there. */
export interface ImportReport {
  readonly severity?: Finding['severity']
  readonly code: string
  readonly message: string
  readonly suggestion?: string
}

/** Of each severity: who has mended so many knows what is wrong with the rest. */
export const MOST_FINDINGS = 1_000
/** RFC 3339 §1: years have four digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
/** Ids have 128 characters at most; there is room for a number behind. */
const LONGEST_ID = 120
const HASH = /^(?:sha256:)?[0-9a-f]{64}$|^sha384:[0-9a-f]{96}$|^sha512:[0-9a-f]{128}$/

const WEAK = 'This key is short or simple enough to be guessed, so it is not kept under a plain hash'
const REFUSED: ImportReport = {
  code: 'weak-key',
  message: `${WEAK}.`,
  suggestion:
    'Start all control planes and nodes with the same GATEWRIGHT_PEPPER (openssl rand -base64 32), and it is kept under a slow hash. Or issue a new one to the app, and let the old gateway answer until that is used.',
}
const TAKEN: ImportReport = {
  severity: 'warning',
  code: 'weak-key',
  message: `${WEAK}, but under a slow one.`,
  suggestion: 'Rotate it: the app gets a new one, and both are good for as long as you say.',
}

export class ImportedKeys {
  readonly #file: string
  readonly #takesWeak: boolean
  readonly #findings: Finding[] = []
  readonly #counts = { fault: 0, warning: 0 }
  /** By what they are called. */
  readonly #apps = new Map<string, { readonly id: string; readonly title: string; readonly keys: BroughtKey[] }>()
  readonly #ids = new Set<string>()
  /** How often an id was wanted. */
  readonly #wanted = new Map<string, number>()
  /** Where each key stood first, by its hash. */
  readonly #places = new Map<string, ImportPlace>()

  /** `takesWeak`: those that could be guessed are taken, and told of. */
  constructor(file: string, takesWeak = false) {
    this.#file = file
    this.#takesWeak = takesWeak
  }

  take({ app, appId, title, key, terms = {} }: FoundKey, place: ImportPlace): void {
    const fault = 'value' in key ? findValueFault(key.value) : findHashFault(key.hash)
    if (fault !== undefined) {
      this.report(fault, place)
      return
    }
    const isWeak = 'value' in key && isWeakKey(key.value)
    if (isWeak && !this.#takesWeak) {
      this.report(REFUSED, place)
      return
    }
    // One may stand there as itself and as its hash.
    const text = 'value' in key ? toTextHash(key.value) : key.hash.replace(/^sha256:/, '')
    const first = this.#places.get(text)
    if (first !== undefined) {
      const message = `This key stands in line ${first.line} already: it is taken from there.`
      this.report({ severity: 'warning', code: 'duplicate-key', message }, place)
      return
    }
    this.#places.set(text, place)
    if (isWeak) this.report(TAKEN, place)
    const name = app === '' ? 'imported' : app
    const known = this.#apps.get(name) ?? { id: this.#toId(appId ?? name), title: title ?? name, keys: [] }
    this.#apps.set(name, known)
    known.keys.push({ ...toReadable(terms), ...key })
  }

  report(
    { severity = 'fault', code, message, suggestion }: ImportReport,
    { line, column = 1, path = '' }: ImportPlace,
  ): void {
    this.#counts[severity]++
    if (this.#counts[severity] > MOST_FINDINGS) return
    const at = { file: this.#file, line, column, path }
    this.#findings.push({ severity, code, message, ...(suggestion !== undefined && { suggestion }), at })
  }

  end(): KeyImport {
    return { apps: [...this.#apps.values()], findings: [...this.#findings, ...this.#listMore()] }
  }

  #listMore(): Finding[] {
    const at = { file: this.#file, line: 1, column: 1, path: '' }
    return (['fault', 'warning'] as const).flatMap((severity) => {
      const more = this.#counts[severity] - MOST_FINDINGS
      const message = `${more} more of them are not told.`
      return more > 0 ? [{ severity, code: 'more-findings', message, at }] : []
    })
  }

  #toId(name: string): string {
    const plain = name
      .normalize('NFKD')
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replaceAll(/^[-_]+|[-_]+$/g, '')
      .slice(0, LONGEST_ID)
    const wanted = plain === '' ? 'app' : plain
    let id = wanted
    let number = (this.#wanted.get(wanted) ?? 0) + 1
    if (number > 1) id = `${wanted}-${number}`
    while (this.#ids.has(id)) {
      number++
      id = `${wanted}-${number}`
    }
    this.#wanted.set(wanted, number)
    this.#ids.add(id)
    return id
  }
}

/** Whoever writes such a number means never; before the epoch it has ended as well as on its first day. */
function toReadable({ expiresAtMs, ...terms }: KeyTerms): KeyTerms {
  if (expiresAtMs === undefined || !(expiresAtMs <= LAST_MS)) return terms
  return { ...terms, expiresAtMs: Math.max(0, expiresAtMs) }
}

function findValueFault(value: string): ImportReport | undefined {
  if (value === '') return { code: 'no-key', message: 'There is no key here.' }
  // RFC 9110 §5.5: a field's value has no spaces around it; beyond ASCII, one client writes other bytes than another.
  if (!/^[\x20-\x7e]+$/.test(value) || value.trim() !== value) {
    return {
      code: 'malformed-key',
      message: 'This key is not of printable ASCII without spaces around it: requests bring no other.',
    }
  }
  return undefined
}

function findHashFault(hash: string): ImportReport | undefined {
  if (HASH.test(hash)) return undefined
  return {
    code: 'malformed-hash',
    message:
      'This is no hash that keys are kept by: the hex digits of SHA-256, or of SHA-384 or SHA-512 with their name.',
    suggestion: 'Take the key itself from where it was issued, or issue a new one to the app.',
  }
}
