/** Owns heads on their way out: start lines and fields as they came, minus what belonged to one connection, plus ours. */

import { findFieldFault, type HeaderList, MARKS_PER_FIELD } from '@gatewright/policies'
import { STATUS_PHRASES } from './status-phrases.ts'

/** Which known fields (by number) a direction leaves out. */
export type FieldMask = Uint8Array

export function createFieldMask(numbers: readonly number[]): FieldMask {
  const mask = new Uint8Array(32)
  for (const number of numbers) mask[number] = 1
  return mask
}

/** The field lines that are kept, each with its CRLF. Neighbours that came off the wire stay one slice. */
export function serializeFields(fields: HeaderList, dropped: FieldMask): string {
  return fields.items === undefined ? serializeParsed(fields, dropped) : serializeItems(fields, dropped)
}

function serializeParsed(fields: HeaderList, dropped: FieldMask): string {
  const { text, marks } = fields
  let out = ''
  let runStart = -1
  let runEnd = 0
  for (let at = 0; at < marks.length; at += MARKS_PER_FIELD) {
    if (dropped[marks[at + 4] ?? 0] === 1) {
      if (runStart >= 0) out += `${text.slice(runStart, runEnd)}\r\n`
      runStart = -1
      continue
    }
    const start = marks[at] ?? 0
    // A field that does not follow directly: what `HeaderList.delete` forgot stands between.
    if (runStart >= 0 && start !== runEnd + 2) {
      out += `${text.slice(runStart, runEnd)}\r\n`
      runStart = -1
    }
    if (runStart < 0) runStart = start
    runEnd = marks[at + 3] ?? 0
  }
  if (runStart >= 0) out += `${text.slice(runStart, runEnd)}\r\n`
  return out
}

function serializeItems(fields: HeaderList, dropped: FieldMask): string {
  let out = ''
  for (let i = 0; i < fields.size; i++) {
    if (dropped[fields.knownAt(i)] !== 1) out += `${fields.nameAt(i)}: ${fields.valueAt(i)}\r\n`
  }
  return out
}

const statusLines = new Map<number, string>()
let lastStatus = 0
let lastReason = ''
let lastLine = ''

/** `HTTP/1.1 200 OK\r\n`; the usual phrase where the upstream said none. RFC 9112 §4: our version, whatever the upstream's was. */
export function toStatusLine(status: number, reason: string): string {
  if (status === lastStatus && reason === lastReason) return lastLine
  lastStatus = status
  lastReason = reason
  // RFC 9112 §4: a phrase holds no control character. A target's is checked already; this one may be a policy's.
  if (reason !== '' && findFieldFault('Reason', reason) === undefined) {
    lastLine = `HTTP/1.1 ${status} ${reason}\r\n`
    return lastLine
  }
  let line = statusLines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_PHRASES[status] ?? ''}\r\n`
    statusLines.set(status, line)
  }
  lastLine = line
  return line
}

let dateSecond = -1
let dateText = ''
let dateLine = ''

/** RFC 9110 §6.6.1; made once a second. */
export function toDateText(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
    dateLine = `Date: ${dateText}\r\n`
  }
  return dateText
}

export function toDateLine(nowMs: number): string {
  toDateText(nowMs)
  return dateLine
}
