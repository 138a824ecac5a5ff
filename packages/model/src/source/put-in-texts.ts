/** Owns the texts that `${env:…}` and `${file:…}` brought in, and that nothing which is said shows them. */
import { normalize } from 'node:path'
import type { Place } from '../finding.ts'

/** Shorter ones may be words and numbers that anything holds. */
const TELLING_LENGTH = 6
const MIXED_LENGTH = 3
const PART_LENGTH = 4
/** What the files say in place of a text: it is not looked into. */
const WRITTEN = '\\$\\{(?:env|file|secret):[^{}]*\\}'

export class PutInTexts {
  /** In lower case, since hosts are made so: as the files write it, `${env:NAME}`. */
  readonly #written = new Map<string, string>()
  /** The same for a single place, and for parts of its text: a finding there is about nothing else. */
  readonly #own = new Map<string, Map<string, string>>()
  #pattern: RegExp | undefined

  /** How often something was put in. */
  count = 0

  get isEmpty(): boolean {
    return this.#written.size === 0
  }

  add(text: string, written: string, place: Place): void {
    if (text === '') return
    this.count++
    this.#pattern = undefined
    const forms = toForms(text)
    for (const form of forms) addTo(this.#written, form, written)
    const key = toPlaceKey(place)
    const own = this.#own.get(key) ?? new Map<string, string>()
    this.#own.set(key, own)
    for (const part of [...forms, ...forms.flatMap(toParts)]) addTo(own, part, written)
  }

  /** The same with what the files write in their places; `about`: where that stands which it is about. */
  hide(said: string, about: readonly Place[] = []): string {
    if (this.isEmpty || said === '') return said
    this.#pattern ??= toPattern([...this.#written.keys()].map(toSource))
    let rest = said
    for (const place of about) {
      const own = this.#own.get(toPlaceKey(place))
      if (own !== undefined) rest = replace(rest, toPattern([...own.keys()].map(toWord)), own)
    }
    return replace(rest, this.#pattern, this.#written)
  }
}

function addTo(texts: Map<string, string>, text: string, written: string): void {
  const known = text.toLowerCase()
  if (!texts.has(known)) texts.set(known, written)
}

/** In messages texts stand in quotes, as JSON, paths in their normal form, and of a URL the host and port. */
function toForms(text: string): string[] {
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(text) ?? []
  return [text, JSON.stringify(text).slice(1, -1), normalize(text), ...(authority === undefined ? [] : [authority])]
}

/** Lines, and what a reader of expressions or addresses would name alone. */
function toParts(text: string): string[] {
  const parts = [/\r?\n/, /[^\w-]+/, /\W+/].flatMap((between) => text.split(between))
  return parts.filter((part) => part.length >= PART_LENGTH && !/^https?$/i.test(part))
}

function toSource(text: string): string {
  if (text.length >= TELLING_LENGTH) return toLiteral(text)
  const isMixed = text.length >= MIXED_LENGTH && !/^(?:\d+|[a-z]+)$/.test(text)
  return isMixed ? toWord(text) : `"${toLiteral(text)}"`
}

function toWord(text: string): string {
  return `(?<![A-Za-z0-9])${toLiteral(text)}(?![A-Za-z0-9])`
}

function toLiteral(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}

/** The longest first, so that what holds another is taken for itself. */
function toPattern(sources: readonly string[]): RegExp {
  return new RegExp([WRITTEN, ...sources.toSorted((a, b) => b.length - a.length)].join('|'), 'gi')
}

function replace(said: string, pattern: RegExp, written: ReadonlyMap<string, string>): string {
  return said.replace(pattern, (found) => {
    const known = found.toLowerCase()
    const within = written.get(known.slice(1, -1))
    return written.get(known) ?? (within === undefined ? found : `"${within}"`)
  })
}

function toPlaceKey({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}
