/** Owns connections to directories between two questions: equal ones are shared, some are kept, none for long. */
import { CallFault } from '@gatewright/policies'
import type { LdapConnection } from './ldap-connection.ts'

const MOST_IDLE = 8
/** Directories close idle ones after some minutes, and firewalls in between without a word. */
const IDLE_MS = 30_000

interface Idle {
  readonly connection: LdapConnection
  readonly timer: NodeJS.Timeout
}

export class LdapPool {
  readonly #idle = new Map<string, Idle[]>()
  #isClosed = false

  /**
   * Works with one that is idle, else with a new one. One that ended while it was idle is told by its first question: that is
   * asked again on a new one, since none of them changes anything.
   */
  async use<Result>(
    key: string,
    open: () => Promise<LdapConnection>,
    work: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result> {
    const idle = this.#take(key)
    if (idle !== undefined) {
      try {
        return await this.#work(key, idle, work)
      } catch (error) {
        if (!(error instanceof CallFault) || error.reason !== 'closed') throw error
      }
    }
    return await this.#work(key, await open(), work)
  }

  /** Those that are in use are closed when they are given back. */
  close(): void {
    this.#isClosed = true
    for (const all of this.#idle.values()) {
      for (const { connection, timer } of all) {
        clearTimeout(timer)
        connection.close()
      }
    }
    this.#idle.clear()
  }

  async #work<Result>(
    key: string,
    connection: LdapConnection,
    work: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await work(connection)
      this.#put(key, connection)
      return result
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #take(key: string): LdapConnection | undefined {
    const all = this.#idle.get(key)
    for (let idle = all?.pop(); idle !== undefined; idle = all?.pop()) {
      clearTimeout(idle.timer)
      idle.connection.onClose = undefined
      if (!idle.connection.isOpen) continue
      idle.connection.setIdle(false)
      return idle.connection
    }
    return undefined
  }

  #put(key: string, connection: LdapConnection): void {
    const all = this.#idle.get(key) ?? []
    this.#idle.set(key, all)
    if (this.#isClosed || !connection.isOpen || all.length >= MOST_IDLE) {
      connection.close()
      return
    }
    connection.setIdle(true)
    const timer = setTimeout(() => connection.close(), IDLE_MS).unref()
    all.push({ connection, timer })
    connection.onClose = () => {
      clearTimeout(timer)
      const at = all.findIndex((idle) => idle.connection === connection)
      if (at >= 0) all.splice(at, 1)
      if (all.length === 0 && this.#idle.get(key) === all) this.#idle.delete(key)
    }
  }
}
