/** Owns the records by which hosts are proved ours in the DNS: put there, awaited where the authority looks, taken away again. */
import type { Clock, Log } from '@gatewright/policies'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import type { DnsChallenge } from '../acme-options.ts'
import { DnsUpdater } from '../dns-update/dns-updater.ts'
import type { Withdraw } from './challenge-board.ts'
import { NameServers } from './name-servers.ts'
import { runHook } from './run-hook.ts'

export interface DnsRecordWanted {
  readonly host: string
  /** RFC 8555 §8.4: the digest of the key authorization. */
  readonly value: string
}

interface DnsPresenterParts {
  readonly clock: Clock
  readonly log: Log
  /** Which name servers may be asked. */
  readonly guard: EgressGuard
}

/** How a record is changed: by update or by hook. `name` is where aliases lead. */
interface RecordKeeper {
  present(name: string, value: string, signal: AbortSignal): Promise<void>
  cleanup(name: string, value: string, signal: AbortSignal): Promise<void>
}

/** What is left behind does no harm: it is not waited for as long as for what is needed. */
const CLEANUP_MS = 30_000

export class DnsPresenter {
  readonly #parts: DnsPresenterParts
  readonly #nameServers: NameServers
  readonly #records: RecordKeeper
  /** An alias is the hook's own affair: it is told the name that the authority asks for. */
  readonly #followsAliases: boolean

  /** @throws DnsFault what the options lack */
  constructor(options: DnsChallenge, parts: DnsPresenterParts) {
    this.#parts = parts
    this.#nameServers = new NameServers(options.checkAt, parts)
    this.#followsAliases = 'rfc2136' in options
    this.#records =
      'rfc2136' in options
        ? byUpdate(options.rfc2136, this.#nameServers, parts)
        : byHook(options.hook.command, parts.clock)
  }

  /** Resolves once the name servers answer all of them. */
  async present(wanted: readonly DnsRecordWanted[], signal: AbortSignal): Promise<Withdraw> {
    const put: { readonly name: string; readonly value: string }[] = []
    const withdraw = (): Promise<void> => this.#withdraw(put)
    try {
      for (const { host, value } of wanted) {
        const asked = `_acme-challenge.${host}`
        const target = await this.#nameServers.followAliases(asked, signal)
        const name = this.#followsAliases ? target : asked
        // Before it is there: what failed half is taken away too.
        put.push({ name, value })
        await this.#records.present(name, value, signal)
      }
      for (const { host, value } of wanted) {
        const target = await this.#nameServers.followAliases(`_acme-challenge.${host}`, signal)
        await this.#nameServers.awaitRecord(target, value, signal)
      }
    } catch (error) {
      await withdraw()
      throw error
    }
    return withdraw
  }

  /** Also when the rest was called off. */
  async #withdraw(put: readonly { readonly name: string; readonly value: string }[]): Promise<void> {
    for (const { name, value } of put) {
      try {
        await this.#records.cleanup(name, value, AbortSignal.timeout(CLEANUP_MS))
      } catch (error) {
        const { message } = error as Error
        this.#parts.log.warn('the record of a challenge could not be taken away: remove it', {
          name,
          value,
          error: message,
        })
      }
    }
  }
}

function byUpdate(
  options: Extract<DnsChallenge, { readonly rfc2136: unknown }>['rfc2136'],
  nameServers: NameServers,
  { clock, guard }: DnsPresenterParts,
): RecordKeeper {
  const updater = new DnsUpdater(options, { now: () => clock.now(), guard })
  const findZone = async (name: string, signal: AbortSignal): Promise<string> =>
    options.zone ?? (await nameServers.findZone(name, options.server, signal))
  return {
    present: async (name, value, signal) => updater.add({ zone: await findZone(name, signal), name, value }, signal),
    cleanup: async (name, value, signal) => updater.remove({ zone: await findZone(name, signal), name, value }, signal),
  }
}

function byHook(command: readonly string[], clock: Clock): RecordKeeper {
  return {
    present: (name, value, signal) => runHook({ command, act: 'present', name, value, clock }, signal),
    cleanup: (name, value, signal) => runHook({ command, act: 'cleanup', name, value, clock }, signal),
  }
}
