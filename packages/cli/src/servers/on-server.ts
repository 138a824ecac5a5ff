/** Owns what a command tells where a control plane does not do what it is asked for, or cannot be reached. */
import { ClientProblem } from '@gatewright/client'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { openServer, type Server, type ServerValues } from './open-server.ts'
import { toWrongPortLines } from './wrong-port.ts'

/** Exit code 1, with what to do about it, where `act` fails on the other side. */
export async function onServer(
  values: ServerValues,
  terminal: Terminal,
  act: (server: Server) => Promise<number>,
): Promise<number> {
  const server = openServer(values, terminal)
  try {
    return await act(server)
  } catch (error) {
    const lines = explainFailure(error, server.url)
    if (lines === undefined) throw error
    for (const line of lines) terminal.complain(line)
    return EXIT_CODES.faults
  }
}

/** What each problem is mended by, where its own words do not say. */
const ADVICE: Readonly<Record<string, string>> = {
  'not-signed-in': 'The token is not known there, or not any more: `gatewright login` with another one.',
  'changed-meanwhile': 'Look what was changed, and do it again.',
  'store-unavailable': 'Try it again in a while.',
  'store-uncertain': 'Look whether it was done, and do it again if not.',
}

/** Lines for people; undefined: it is a mistake of ours. */
export function explainFailure(error: unknown, url: string): readonly string[] | undefined {
  if (error instanceof ClientProblem) return toWrongPortLines(error, url) ?? explainProblem(error)
  if (!(error instanceof Error) || !(error.message === 'fetch failed' || 'code' in error)) return undefined
  const cause = error.cause instanceof Error ? error.cause : error
  return [`${url} cannot be asked: ${toReason(cause)}`]
}

function explainProblem({ message, code, body }: ClientProblem): readonly string[] {
  const { errors, findings } = body
  const advice = ADVICE[code]
  // How a header is written is nothing that a command is mended by.
  if (code === 'not-signed-in' && advice !== undefined) return [advice]
  return [
    message,
    // What the first line has said already is not said twice.
    ...[...toLines(errors), ...toLines(findings)].filter((line) => line !== message).map((line) => `  ${line}`),
    ...(advice === undefined ? [] : [advice]),
  ]
}

type Said = Readonly<Record<'at' | 'message' | 'suggestion', unknown>>

function toLines(list: unknown): string[] {
  return Array.isArray(list) ? list.map(toLine) : []
}

function toLine({ at, message, suggestion }: Said): string {
  const place = typeof at === 'string' && at !== '' ? `${at}: ` : ''
  return `${place}${message}${suggestion === undefined ? '' : ` ${suggestion}`}`
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Does it run, and is this its port?',
  ENOTFOUND: 'there is no such name.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not vouched for by anybody known here. Name its CA with --ca.',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not vouched for by anybody known here. Name its CA with --ca.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not vouched for by anybody known here. Name its CA with --ca.',
}

/** What TLS says where a server answers without it. */
const PLAIN = /wrong version number|packet length too long/i

function toReason({ code = '', message }: NodeJS.ErrnoException): string {
  if (PLAIN.test(message)) return 'it speaks http, and no TLS: write http:// in place of https://.'
  return REASONS[code] ?? `${message || code}.`
}
