/** Owns the way back from a part of the model to the line that says it, for `validate` and `explain`. */
import { findValue } from '../file/describe-issues.ts'
import { type At, type Finding, NOWHERE, type Path, type Place, toPathText } from '../finding.ts'
import type { Origins } from '../source/origins.ts'

export interface Anchor {
  /** The data as it was read; what is below it in the model has the same keys. */
  readonly value: unknown
  readonly place: Place
  /** Where it stands in the files. */
  readonly path: Path
}

/** Places of model parts, by their path in the model, such as `['apis', 0, 'releases', 0, 'routes', 3, 'policies', 0]`. */
export class Sources {
  readonly #origins: Origins
  readonly #anchors = new Map<string, Anchor>()
  /** Of long lists, made for those items only that somebody asks for. */
  readonly #lists = new Map<string, (index: number) => Anchor | undefined>()
  /** Parts that one word of a file stands for, such as the upstream behind a URL; found for those only that somebody asks for. */
  readonly #aliases = new Map<string, () => At>()
  /** Adds what is below an API of this number, the first time that somebody asks for it. */
  #linkApi: ((index: number) => void) | undefined
  readonly #linkedApis = new Set<number>()
  /** Ids of resources that were left out because of a fault: references to them are no second fault. */
  readonly lostIds = new Set<string>()
  /** Members that were left out because nobody knows them, or their value, by their path in the files: what was written with a slip is no second fault for being missing. */
  readonly lostKeys = new Set<string>()
  /** True where a whole file could not be read, so that nothing can be said about references. */
  isIncomplete = false

  /** By position in `policyLists`: who uses them. */
  listUsers: ReadonlyMap<number, readonly string[]> = new Map()

  readonly #unfilled = new Set<string>()

  constructor(origins: Origins) {
    this.#origins = origins
  }

  add(modelPath: Path, anchor: Anchor): void {
    this.#anchors.set(toPathText(modelPath), anchor)
  }

  /** Says that what should be put in here is not there, which is a fault: the text that stands there instead is none. */
  addUnfilled(place: Place): void {
    if (place.line > 0) this.#unfilled.add(toPlaceKey(place))
  }

  isUnfilled(place: Place): boolean {
    return this.#unfilled.size > 0 && this.#unfilled.has(toPlaceKey(place))
  }

  /** For the items of a list that have no anchor of their own. */
  addList(modelPath: Path, findAnchor: (index: number) => Anchor | undefined): void {
    this.#lists.set(toPathText(modelPath), findAnchor)
  }

  /** Says that a part has no words of its own: it is what stands at another place. */
  addAlias(modelPath: Path, find: () => At): void {
    this.#aliases.set(toPathText(modelPath), find)
  }

  /** Of ten thousand APIs that are as they were, a finding is about one. */
  linkApisLater(link: (index: number) => void): void {
    this.#linkApi = link
  }

  /** File, line, column and path in the files; the nearest part around it where it is not in any file itself. */
  find(modelPath: Path, point: 'key' | 'value' = 'value'): At {
    this.#linkBelow(modelPath)
    for (let length = modelPath.length; length >= 0; length--) {
      const key = toPathText(modelPath.slice(0, length))
      const alias = this.#aliases.get(key)
      if (alias !== undefined) return alias()
      const anchor = this.#anchors.get(key) ?? this.#findItem(modelPath, length)
      if (anchor === undefined) continue
      const rest = modelPath.slice(length)
      const inside = rest.length === 0 ? NOWHERE : this.#origins.placeAt(anchor.value, rest, point)
      const path = this.#origins.toWritten(anchor.value, rest, anchor.path)
      return { ...(inside === NOWHERE ? anchor.place : inside), path: toPathText(path) }
    }
    return { ...NOWHERE, path: toPathText(modelPath) }
  }

  /** Were members of this part left out? */
  hasLostKeys(modelPath: Path): boolean {
    if (this.lostKeys.size === 0) return false
    const prefix = `${this.find(modelPath).path}.`
    return [...this.lostKeys].some((key) => key.startsWith(prefix))
  }

  /** Must the value of this part not be shown? */
  isSecret(modelPath: Path): boolean {
    this.#linkBelow(modelPath)
    for (let length = modelPath.length; length >= 0; length--) {
      const anchor = this.#findAnchor(modelPath, length)
      if (anchor !== undefined) return this.#origins.isSubstituted(anchor.value, modelPath.slice(length))
    }
    return false
  }

  /** What is said of the model, with `${env:…}` and `${file:…}` as the files write them and nothing of what they brought in. */
  hide(said: string): string {
    return this.#origins.putIn.hide(said)
  }

  /** `about`: the part of the model that it is about, where that is more than what stands at its place. */
  hideIn(finding: Finding, about?: Path): Finding {
    if (!this.hasPutIn) return finding
    const { message, suggestion, at } = finding
    const places = [at, ...(about === undefined ? [] : this.#listPutIn(about))]
    const hide = (said: string): string => this.#origins.putIn.hide(said, places)
    return { ...finding, message: hide(message), ...(suggestion !== undefined && { suggestion: hide(suggestion) }) }
  }

  /** What is wrong in a policy list is wrong wherever it is used: said once, with who has it. */
  tellUsers(findings: readonly Finding[]): Finding[] {
    if (this.listUsers.size === 0) return [...findings]
    const told = new Map<string, Finding>()
    for (const finding of findings) {
      const [, position] = /^policyLists\[(\d+)\]\.policies/.exec(finding.at.path) ?? []
      const users = position === undefined ? undefined : this.listUsers.get(Number(position))
      const key = users === undefined ? String(told.size) : `${finding.code} ${finding.at.path} ${finding.message}`
      told.set(key, users === undefined ? finding : { ...finding, message: `${finding.message} ${toUsedBy(users)}` })
    }
    return [...told.values()]
  }

  /** Did anything come from outside of the files? */
  get hasPutIn(): boolean {
    return !this.#origins.putIn.isEmpty
  }

  #listPutIn(modelPath: Path): Place[] {
    this.#linkBelow(modelPath)
    for (let length = modelPath.length; length >= 0; length--) {
      const anchor = this.#findAnchor(modelPath, length)
      if (anchor !== undefined) return this.#origins.listSubstituted(findValue(anchor.value, modelPath.slice(length)))
    }
    return []
  }

  #linkBelow([kind, index]: Path): void {
    if (kind !== 'apis' || typeof index !== 'number' || this.#linkedApis.has(index)) return
    this.#linkedApis.add(index)
    this.#linkApi?.(index)
  }

  #findAnchor(modelPath: Path, length: number): Anchor | undefined {
    return this.#anchors.get(toPathText(modelPath.slice(0, length))) ?? this.#findItem(modelPath, length)
  }

  #findItem(modelPath: Path, length: number): Anchor | undefined {
    const index = modelPath[length - 1]
    return typeof index === 'number' ? this.#lists.get(toPathText(modelPath.slice(0, length - 1)))?.(index) : undefined
  }
}

function toPlaceKey({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

const USERS_TOLD = 3

function toUsedBy(users: readonly string[]): string {
  const told = users.slice(0, USERS_TOLD)
  const rest = users.length - told.length
  const last = rest > 0 ? `${rest} more` : told.pop()
  return `This is used by ${[told.join(', '), last].filter((part) => part !== '').join(' and ')}.`
}
