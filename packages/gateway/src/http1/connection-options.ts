/** Owns the `Connection` field (RFC 9110 §7.6.1): what it asks of the connection and which fields it names. */
import { TOKEN_CHARACTERS } from './scan-fields.ts'

export interface ConnectionOptions {
  readonly close: boolean
  readonly keepAlive: boolean
  readonly upgrade: boolean
  /** Lower-case names of fields that are meant for this connection only. */
  readonly named: readonly string[]
}

export const NO_CONNECTION_OPTIONS: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, named: [] }
const CLOSE: ConnectionOptions = { ...NO_CONNECTION_OPTIONS, close: true }
const KEEP_ALIVE: ConnectionOptions = { ...NO_CONNECTION_OPTIONS, keepAlive: true }
const UPGRADE: ConnectionOptions = { ...NO_CONNECTION_OPTIONS, upgrade: true }

// RFC 9110 §5.6.3: SP and HTAB; `trim` would take NBSP and more.
const OPTIONAL_WHITESPACE = /^[ \t]+|[ \t]+$/g

/** undefined: it is not a list of tokens. */
export function parseConnection(value: string): ConnectionOptions | undefined {
  // What nearly every client sends.
  switch (value) {
    case 'keep-alive':
    case 'Keep-Alive':
      return KEEP_ALIVE
    case 'close':
      return CLOSE
    case 'Upgrade':
    case 'upgrade':
      return UPGRADE
    case '':
      return NO_CONNECTION_OPTIONS
  }
  const options = { close: false, keepAlive: false, upgrade: false, named: [] as string[] }
  for (const part of value.split(',')) {
    const token = part.replace(OPTIONAL_WHITESPACE, '').toLowerCase()
    // RFC 9110 §5.6.1.2: empty elements of a list are ignored.
    if (token === '') continue
    for (let i = 0; i < token.length; i++) if (TOKEN_CHARACTERS[token.charCodeAt(i)] !== 1) return undefined
    if (token === 'close') options.close = true
    else if (token === 'keep-alive') options.keepAlive = true
    else if (token === 'upgrade') options.upgrade = true
    else options.named.push(token)
  }
  return options
}
