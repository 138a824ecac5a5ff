/** Owns telling that what answers at an address is no control plane, and where that may be. */
import type { ClientProblem } from '@gatewright/client'
import { PROBLEMS } from '@gatewright/model'

/** `--control-port`, where nothing is said. */
const USUAL_PORT = '9081'

/** Codes that control planes answer with as well. */
const SHARED: ReadonlySet<string> = new Set([
  'body-too-large',
  'method-not-allowed',
  'misdirected-request',
  'too-many-attempts',
  'unexpected',
])

/** Undefined: a control plane may have said it, or what stands before one. */
export function toWrongPortLines({ code, status, message }: ClientProblem, url: string): readonly string[] | undefined {
  const isOfGateway = Object.hasOwn(PROBLEMS, code) && !SHARED.has(code)
  // A proxy that does not reach it has words of its own.
  if (!isOfGateway && (code !== '' || status >= 500)) return undefined
  const isStatusPort = STATUS_PORT.test(message)
  const who = isStatusPort ? 'the status port of a gateway' : isOfGateway ? 'a gateway' : 'something else'
  return toNoControlPlaneLines(url, who, /control plane: (https?:\S+)/.exec(message)?.[1])
}

const STATUS_PORT = /^(?:Here are: \/livez|Only GET and HEAD are answered here)/

/** `address`: where it is, if somebody has said so. */
export function toNoControlPlaneLines(url: string, who = 'something else', address?: string): readonly string[] {
  return [
    `${url} is no control plane: ${who} answers there.`,
    address === undefined
      ? `A control plane has a port of its own, which its start prints behind "control": ${toUsual(url)} if nothing else was said.`
      : `The control plane answers at ${address}`,
  ]
}

function toUsual(url: string): string {
  const usual = new URL(url)
  usual.port = USUAL_PORT
  return usual.origin === new URL(url).origin ? `port ${USUAL_PORT}` : usual.origin
}
