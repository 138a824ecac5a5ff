/** Owns one connection to a directory: one question at a time, each bounded in time and in what may come back. */
import type { Socket } from 'node:net'
import { CallFault } from '@gatewright/policies'
import type { Client, Entry, SearchOptions } from 'ldapts'
import { loadLdap } from './ldap-library.ts'

/** Of one question; an entry with a photograph is some 100 KiB. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * What a bind is answered with where the name or the password is at fault (RFC 4511 appendix A.2): constraintViolation of
 * password policies, noSuchObject, invalidDNSyntax, inappropriateAuthentication, invalidCredentials, unwillingToPerform.
 */
const WRONG = new Set([19, 32, 34, 48, 49, 53])
/** Whoever may not look, and what is not there. */
const UNSEEN = new Set([32, 50])

export class LdapConnection {
  readonly #client: Client
  readonly #socket: Socket
  #answerBytes = 0
  /** Told once it has ended, whoever ended it. */
  onClose: (() => void) | undefined

  /** `socket` is connected, and secure where that is wanted. */
  constructor(socket: Socket) {
    this.#socket = socket
    let given: Socket | undefined = socket
    this.#client = new (loadLdap().Client)({
      url: 'ldap://directory',
      strictDN: false,
      // Once: the library connects anew by itself, and the next connection would be neither guarded nor secure.
      createConnection: () => {
        if (given === undefined) throw new CallFault('closed', 'the connection has ended')
        const [only] = [given]
        given = undefined
        return only
      },
    })
    socket.on('error', () => {})
    socket.once('close', () => this.onClose?.())
    socket.on('data', (piece: Buffer) => {
      this.#answerBytes += piece.length
      if (this.#answerBytes > MOST_ANSWER_BYTES) socket.destroy()
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Whoever holds an idle one need not live for it. */
  setIdle(isIdle: boolean): void {
    if (isIdle) this.#socket.unref()
    else this.#socket.ref()
  }

  /** Is it the password of this entry? `dn` and `password` are not empty: RFC 4513 §5.1.2 would say yes to nobody. @rejects CallFault */
  async bind(dn: string, password: string, signal: AbortSignal): Promise<boolean> {
    if (dn === '' || password === '') return false
    try {
      await this.#ask(signal, () => this.#client.bind(dn, password))
      return true
    } catch (error) {
      if (WRONG.has(toCode(error))) return false
      throw toFault(error, signal)
    }
  }

  /** What there is; nothing where nobody may look. @rejects CallFault */
  async search(base: string, options: SearchOptions, signal: AbortSignal): Promise<Entry[]> {
    try {
      const { searchEntries } = await this.#ask(signal, () => this.#client.search(base, options))
      return searchEntries
    } catch (error) {
      if (UNSEEN.has(toCode(error))) return []
      throw toFault(error, signal)
    }
  }

  async #ask<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    this.#answerBytes = 0
    const abort = (): void => this.close()
    signal.addEventListener('abort', abort, { once: true })
    try {
      signal.throwIfAborted()
      return await ask()
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

/** Of RFC 4511 §4.1.9; 0: the directory said none. */
function toCode(error: unknown): number {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'number' ? code : 0
}

export function toFault(error: unknown, signal: AbortSignal): CallFault {
  if (signal.aborted) return new CallFault('timeout', 'the directory did not answer in time', { cause: error })
  if (error instanceof CallFault) return error
  const { code, message } = error as { readonly code?: unknown; readonly message?: string }
  const said = message ?? String(error)
  if (typeof code === 'number') return new CallFault(`ldap-${code}`, said, { cause: error })
  return new CallFault(typeof code === 'string' ? code : 'closed', said, { cause: error })
}
