/** Owns the check of names and passwords against directories: whose entry it is, whether it is its password, and what groups it is in. */
import {
  Bottleneck,
  CallFault,
  type Directories,
  type DirectoryEntry,
  type DirectorySettings,
  toFingerprint,
} from '@gatewright/policies'
import type { Entry, SearchOptions } from 'ldapts'
import { type EgressGuard, NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import { LdapConnection, toFault } from './ldap-connection.ts'
import { escapeDn, escapeFilter, fillTemplate } from './ldap-escape.ts'
import { LdapPool } from './ldap-pool.ts'
import { openLdapSocket } from './ldap-socket.ts'

/** Of one thread. Directories have threads of their own, fewer than gateways have clients. */
const MOST_AT_ONCE = 32
const MOST_WAITING = 128
/** Nobody is in more groups that mean something. */
const MOST_GROUPS = 1000

export class LdapDirectories implements Directories {
  #guard = NO_EGRESS_RULES
  #pool = new LdapPool()
  readonly #bottleneck = new Bottleneck({ mostAtOnce: MOST_AT_ONCE, mostWaiting: MOST_WAITING })

  /** From here on. Idle connections are closed where it is another one: what was allowed before may be so no more. */
  setGuard(guard: EgressGuard): void {
    if (guard === this.#guard) return
    this.#guard = guard
    this.#pool.close()
    this.#pool = new LdapPool()
  }

  async verify(name: string, password: string, settings: DirectorySettings): Promise<DirectoryEntry | undefined> {
    // RFC 4513 §5.1.2: a bind with a name and no password succeeds for whatever name, and proves nothing.
    if (name === '' || password === '') return undefined
    return await this.#bottleneck.run(async () => {
      const question = new Question(settings, this.#guard, this.#pool)
      try {
        return await question.ask(name, password)
      } catch (error) {
        throw toFault(error, question.signal)
      }
    })
  }
}

/** One name and password: the connections and the time that they may take. */
class Question {
  readonly signal: AbortSignal
  readonly #settings: DirectorySettings
  readonly #guard: EgressGuard
  readonly #pool: LdapPool
  /** What of an entry is wanted. */
  readonly #attributes: string[]
  readonly #target: string

  constructor(settings: DirectorySettings, guard: EgressGuard, pool: LdapPool) {
    const { url, startTls, ca, timeoutMs, groups, attributes } = settings
    this.signal = AbortSignal.timeout(timeoutMs)
    this.#settings = settings
    this.#guard = guard
    this.#pool = pool
    this.#attributes = groups?.by === 'attribute' ? [...attributes, groups.attribute] : [...attributes]
    this.#target = JSON.stringify([url, startTls, ca])
  }

  async ask(name: string, password: string): Promise<DirectoryEntry | undefined> {
    const { find } = this.#settings
    if (find.by === 'template') {
      const dn = fillTemplate(find.dn, 'name', escapeDn(name))
      return await this.#bindAs(dn, password, async (connection) => {
        const [entry] = await this.#read(connection, dn)
        return await this.#toEntry(entry ?? { dn }, connection)
      })
    }
    const entry = await this.#asAccount((connection) => this.#search(connection, name))
    if (entry === undefined) return undefined
    const isRight = await this.#bindAs(entry.dn, password, async () => true)
    if (isRight !== true) return undefined
    const { groups } = this.#settings
    return groups?.by === 'search'
      ? await this.#asAccount((connection) => this.#toEntry(entry, connection))
      : await this.#toEntry(entry)
  }

  /** The entry of this name. @throws CallFault where there are several: whose password would count? */
  async #search(connection: LdapConnection, name: string): Promise<Entry | undefined> {
    const { find } = this.#settings
    if (find.by !== 'search') return undefined
    const filter = fillTemplate(find.filter, 'name', escapeFilter(name))
    const options = { scope: 'sub', filter, attributes: this.#toAsked(), sizeLimit: 2 } as const
    const [entry, another] = await connection.search(find.base, options, this.signal)
    if (another !== undefined) throw new CallFault('two-entries', `the filter finds several entries of one name`)
    return entry
  }

  async #read(connection: LdapConnection, dn: string): Promise<Entry[]> {
    // What is no DN (`ann@corp.example.com`, for Active Directory) names no entry that could be read.
    if (this.#attributes.length === 0 || !dn.includes('=')) return []
    return await connection.search(dn, { scope: 'base', attributes: this.#toAsked() }, this.signal)
  }

  /** RFC 4511 §4.5.1.8: an empty list would be all of them; `1.1` is none. */
  #toAsked(): string[] {
    return this.#attributes.length === 0 ? ['1.1'] : this.#attributes
  }

  async #toEntry(entry: Pick<Entry, 'dn'> & Partial<Entry>, connection?: LdapConnection): Promise<DirectoryEntry> {
    const kept = this.#settings.attributes.map((name) => [name.toLowerCase(), toTexts(entry, name)] as const)
    return {
      dn: entry.dn,
      attributes: Object.fromEntries(kept.filter(([, values]) => values.length > 0)),
      // A directory keeps values in no order (RFC 4512 §2.3): what upstreams are told is to be the same each time.
      groups: (await this.#listGroups(entry, connection)).toSorted(),
    }
  }

  async #listGroups(
    entry: Pick<Entry, 'dn'> & Partial<Entry>,
    connection: LdapConnection | undefined,
  ): Promise<string[]> {
    const { groups } = this.#settings
    if (groups?.by === 'attribute') return toTexts(entry, groups.attribute)
    if (groups === undefined || connection === undefined) return []
    const filter = fillTemplate(groups.filter, 'dn', escapeFilter(entry.dn))
    const options: SearchOptions = { scope: 'sub', filter, attributes: [groups.attribute], sizeLimit: MOST_GROUPS }
    const entries = await connection.search(groups.base, options, this.signal)
    return entries.flatMap((group) => toTexts(group, groups.attribute))
  }

  /** undefined: it is not its password. On connections of their own: each bind says anew who speaks. */
  async #bindAs<Result>(
    dn: string,
    password: string,
    then: (connection: LdapConnection) => Promise<Result>,
  ): Promise<Result | undefined> {
    return await this.#pool.use(`bind ${this.#target}`, this.#open, async (connection) =>
      (await connection.bind(dn, password, this.signal)) ? await then(connection) : undefined,
    )
  }

  async #asAccount<Result>(work: (connection: LdapConnection) => Promise<Result>): Promise<Result> {
    const { find } = this.#settings
    const account = find.by === 'search' ? find.account : undefined
    const open = async (): Promise<LdapConnection> => {
      const connection = await this.#open()
      if (account === undefined) return connection
      const isIn = await connection.bind(account.dn, account.password.reveal(), this.signal).catch((error) => {
        connection.close()
        throw error
      })
      if (isIn) return connection
      connection.close()
      throw new CallFault('account-refused', `the directory does not let in ${account.dn}`)
    }
    const key = `search ${this.#target} ${account === undefined ? '' : toFingerprint(`${account.dn} ${account.password.reveal()}`)}`
    return await this.#pool.use(key, open, work)
  }

  readonly #open = async (): Promise<LdapConnection> =>
    new LdapConnection(await openLdapSocket(this.#settings, this.#guard, this.signal))
}

/** Whatever case the directory writes its name in; what is no text is left out. */
function toTexts(entry: Partial<Entry>, name: string): string[] {
  const wanted = name.toLowerCase()
  const [, value = []] = Object.entries(entry).find(([key]) => key.toLowerCase() === wanted) ?? []
  return [value].flat().filter((text): text is string => typeof text === 'string')
}
