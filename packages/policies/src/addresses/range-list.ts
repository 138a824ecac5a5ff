/** Owns options that are sets of addresses: lists, or the text of a file with a range a line. */
import { z } from 'zod'
import { AddressRanges } from './address-ranges.ts'

/** More would hide the first ones, and somebody may have named a picture. */
const MOST_FAULTS = 10

interface Line {
  readonly text: string
  /** Its list's item; undefined where there is no list. */
  readonly item: number | undefined
  /** From 1 on; undefined where the text has but one. */
  readonly line: number | undefined
}

/**
 * The option is read once, into what it is asked for. `mayBeVoid`: may a text hold no range at all, because its file says
 * only comments today? Whoever lets only some in must not let everybody in for that.
 */
export function rangeListSchema(description: string, { mayBeVoid }: { mayBeVoid: boolean }) {
  return z
    .union([z.array(z.string()), z.string()])
    .default([])
    .transform((given, context) => {
      const texts = typeof given === 'string' ? [given] : given
      const lines = texts.flatMap((text, item) => toLines(text, typeof given === 'string' ? undefined : item))
      let faults = 0
      const refuse = (message: string, item: number | undefined): void => {
        faults++
        if (faults > MOST_FAULTS) return
        context.addIssue({ code: 'custom', path: item === undefined ? [] : [item], message })
      }
      if (!mayBeVoid) {
        for (const item of findVoid(texts, lines)) refuse(VOID, typeof given === 'string' ? undefined : item)
      }
      const ranges = new AddressRanges(
        lines.map(({ text }) => text),
        (fault, index) => refuse(toMessage(lines[index], fault), lines[index]?.item),
      )
      if (faults > MOST_FAULTS) {
        context.addIssue({ code: 'custom', message: `${faults - MOST_FAULTS} more lines are no ranges either` })
      }
      return ranges
    })
    .meta({ description })
}

const VOID = 'holds no address and no range: leave it out where every address is meant'

/** Comments begin with `#`, or with `;` as those of the lists of Spamhaus do. */
const COMMENT = /[#;]/

function toLines(text: string, item: number | undefined): Line[] {
  const isOne = !/[\n\r#;]/.test(text)
  // An item of a list that says nothing is a slip, such as a variable that is not set; an empty file is not.
  if (isOne && (item !== undefined || text.trim() !== '')) return [{ text: text.trim(), item, line: undefined }]
  const lines: Line[] = []
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const comment = raw.search(COMMENT)
    const line = (comment < 0 ? raw : raw.slice(0, comment)).trim()
    if (line !== '') lines.push({ text: line, item, line: index + 1 })
  }
  return lines
}

/** Which of the texts have no lines. */
function findVoid(texts: readonly string[], lines: readonly Line[]): number[] {
  const filled = new Set(lines.map(({ item }) => item ?? 0))
  return texts.flatMap((_, item) => (filled.has(item) ? [] : [item]))
}

function toMessage(line: Line | undefined, fault: string): string {
  return line?.line === undefined ? fault : `line ${line.line}: ${fault}`
}
