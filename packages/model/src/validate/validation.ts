/** Owns what all checks of a model share: the model, the catalogue, and where findings go. */
import { findClosest } from '../closest.ts'
import type { ConfigurationMemory } from '../configuration-memory.ts'
import type { Finding, Path } from '../finding.ts'
import { NOWHERE, toPathText } from '../finding.ts'
import type { App, GatewayModel, Upstream } from '../gateway-model.ts'
import type { Sources } from '../resolve/sources.ts'
import type { Catalogue, CatalogueEntry } from './catalogue.ts'
import type { CheckContext, CheckedParts, NamesInPart } from './checked-parts.ts'
import { PLAN_SLOT_ENTRY } from './plan-slot-entry.ts'

export interface ValidateOptions {
  /** Places for the findings, from `resolve`. */
  readonly sources?: Sources
  readonly apps?: readonly App[]
  /** What is wrong with an expression; `language` is `template` for a text with `${ CEL }` parts and `condition` for CEL that has to be true or false, `side` where it runs: for a request, unless said; `release` before it is matched. */
  checkExpression?(source: string, language: string, side?: 'request' | 'problem' | 'release'): string | undefined
  /** Could a policy that is not in the catalogue stand in an extension that failed? Then its absence says nothing. */
  readonly isCatalogueIncomplete?: boolean
  /** What is wrong with a regular expression. */
  checkPattern?(source: string): string | undefined
  /** Was nothing left out of this model, so that what it lacks is lacking in the files? Then that is told as well. */
  readonly isWhole?: boolean
  /** Do APIs, apps and keys come from elsewhere, too? That none stands in the files says nothing then. */
  readonly isFed?: boolean
  /** The time that keys are judged at; without it, none has expired. */
  readonly nowMs?: number
  /** Paths of files that were not written on this machine. */
  readonly foreignFiles?: ReadonlySet<string>
  /** Where certificates come from elsewhere, too: ids of those that were there before. One that never was may come yet, and is only warned of. */
  readonly formerCertificates?: ReadonlySet<string>
  /** What earlier validations of this configuration left. */
  readonly memory?: ConfigurationMemory
}

type Report = Omit<Finding, 'severity' | 'at' | 'suggestion'> & { readonly suggestion?: string | undefined }

export class Validation {
  readonly model: GatewayModel
  readonly options: ValidateOptions
  readonly entries: ReadonlyMap<string, CatalogueEntry>
  readonly findings: Finding[] = []
  readonly #reported = new Set<string>()
  readonly #checked: CheckedParts | undefined
  readonly #upstreams = new Map<string, Upstream>()
  /** What was reported so far, also where it was said before. */
  #reports = 0

  constructor(model: GatewayModel, catalogue: Catalogue, options: ValidateOptions) {
    this.model = model
    this.options = options
    this.entries = new Map([...catalogue, PLAN_SLOT_ENTRY].map((entry) => [entry.name, entry]))
    for (const upstream of model.upstreams)
      if (!this.#upstreams.has(upstream.id)) this.#upstreams.set(upstream.id, upstream)
    const { sources, memory, checkExpression, checkPattern, isCatalogueIncomplete } = options
    // What was left out of a model, or is missing in the catalogue, hides faults: nothing is known to be without one then.
    const isWhole =
      sources === undefined || (!sources.isIncomplete && sources.lostIds.size + sources.lostKeys.size === 0)
    this.#checked = isWhole && isCatalogueIncomplete !== true ? memory?.checked : undefined
    this.#checked?.begin([...catalogue, checkExpression, checkPattern])
  }

  findUpstream(id: string): Upstream | undefined {
    return this.#upstreams.get(id)
  }

  /** What the checks of a part look at beside the part, the catalogue and the upstreams. Plain data. */
  toContext(...values: unknown[]): CheckContext | undefined {
    return this.#checked?.toContext(JSON.stringify(values))
  }

  /** What is found out of a part and the catalogue, and of nothing else. */
  listOnce(what: NamesInPart, part: object, find: () => ReadonlySet<string>): ReadonlySet<string> {
    return this.#checked === undefined ? find() : this.#checked.listOnce(what, part, find)
  }

  /** Not again where nothing was found before. `check` must not look at anything else than the part and its context. */
  checkOnce(part: object, context: CheckContext | undefined, check: () => void): void {
    if (context !== undefined && this.#checked?.isFaultless(part, context) === true) return
    const before = this.#reports
    check()
    if (context !== undefined && this.#reports === before) this.#checked?.keepFaultless(part, context)
  }

  /** What is being checked has to be checked again next time, though nothing was reported yet. */
  checkAgain(): void {
    this.#reports++
  }

  /** Findings that were made elsewhere. */
  add(findings: readonly Finding[]): void {
    this.#reports += findings.length
    this.findings.push(...findings.filter(({ at }) => this.options.sources?.isUnfilled(at) !== true))
  }

  fault(path: Path, report: Report): void {
    this.#report('fault', path, report)
  }

  warn(path: Path, report: Report): void {
    this.#report('warning', path, report)
  }

  /** Where a part stands, as people say it: `orders.yaml:12`. */
  placeText(path: Path): string {
    const at = this.options.sources?.find(path)
    return at === undefined || at.line === 0 ? toPathText(path) : `${at.file}:${at.line}`
  }

  /** Could this id be one that a fault has left out, so that its absence says nothing? */
  isLost(id: string): boolean {
    const sources = this.options.sources
    return sources !== undefined && (sources.isIncomplete || sources.lostIds.has(id))
  }

  /** Was this member of a part (`[]`: of any) written with a slip, or a value that it never has, which is a fault already? */
  isMisspelt(path: Path, member: string): boolean {
    const { sources } = this.options
    if (sources === undefined || sources.lostKeys.size === 0) return false
    const prefix = path.length === 0 ? '' : `${sources.find(path).path}.`
    return [...sources.lostKeys].some(
      (key) => key.startsWith(prefix) && findClosest(key.slice(key.lastIndexOf('.') + 1), [member]) !== undefined,
    )
  }

  /** Were members of this part left out, which is a fault already? */
  hasLostKeys(path: Path): boolean {
    return this.options.sources?.hasLostKeys(path) === true
  }

  /** A part that runs for several routes is said once. */
  #report(severity: Finding['severity'], path: Path, { suggestion, ...report }: Report): void {
    this.#reports++
    const at = this.options.sources?.find(path) ?? { ...NOWHERE, path: toPathText(path) }
    if (this.options.sources?.isUnfilled(at) === true) return
    const key = `${at.file}:${at.line}:${at.column}:${at.path}:${report.code}`
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.findings.push({ severity, ...report, ...(suggestion === undefined ? {} : { suggestion }), at })
  }
}
