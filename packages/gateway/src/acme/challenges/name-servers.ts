/** Owns what the DNS itself says of a challenge's record: where its name leads, who answers for it, and whether they answer it. */
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock, Log } from '@gatewright/policies'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'
import { parseServer } from '../dns-update/dns-exchange.ts'
import { pause } from '../pause.ts'

export interface NameServersParts {
  readonly clock: Clock
  readonly log: Log
  /** Which addresses may be asked, beside the servers of this machine itself: those no configuration of ours names. */
  readonly guard: EgressGuard
}

/** RFC 1034 §3.6.2 forbids no chain, and nobody has a longer one. */
const MOST_ALIASES = 8
/** All of a zone are asked; few have more, and none of those differ by design. */
const MOST_SERVERS = 8
const LOOK_MS = 2000
/** Secondaries hear of a change within seconds (RFC 1996), those of some hosters within minutes. */
const PATIENCE_MS = 5 * 60_000

const ANSWER_MS = { timeout: 2000, tries: 2 }
/** The server was reached, and has no such record. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA'])

type Look = 'there' | 'missing' | 'silent'

export class NameServers {
  readonly #parts: NameServersParts
  /** Those that the user named, as `address:port`; without them, those of the zone. */
  readonly #named: readonly string[] | undefined

  constructor(named: readonly string[] | undefined, parts: NameServersParts) {
    this.#named = named
    this.#parts = parts
  }

  /** Where the record has to be: RFC 8555 §8.4 lets an alias lead to another zone. */
  async followAliases(name: string, signal: AbortSignal): Promise<string> {
    const resolver = await this.#open(this.#named)
    let at = name
    for (let left = MOST_ALIASES; left > 0; left--) {
      const [next] = await ask(resolver, signal, () => resolver.resolveCname(at)).catch((): string[] => [])
      signal.throwIfAborted()
      if (next === undefined) return at
      at = next
    }
    throw new AcmeFault(`${name} is an alias of an alias, and so on without end`)
  }

  /** The zone that holds the name, by the server given: the nearest above with an SOA. @throws AcmeFault */
  async findZone(name: string, server: string, signal: AbortSignal): Promise<string> {
    const resolver = await this.#open([server])
    for (let zone = name; zone.includes('.'); zone = zone.slice(zone.indexOf('.') + 1)) {
      const found = await ask(resolver, signal, () => resolver.resolveSoa(zone)).catch(() => undefined)
      signal.throwIfAborted()
      if (found !== undefined) return zone
    }
    throw new AcmeFault(`the name server ${server} has no zone that holds ${name}`, {
      remedy: 'name the `zone`, and a server that has authority over it',
    })
  }

  /** Returns once all servers that can be reached answer with it; where none can, after a word in the log. @throws AcmeFault it does not appear */
  async awaitRecord(name: string, value: string, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    const servers = this.#named ?? (await this.#findAuthorities(name, signal))
    const looks = await Promise.all(servers.map(async (server) => ({ server, resolver: await this.#open([server]) })))
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      const seen = await Promise.all(looks.map(({ resolver }) => look(resolver, { name, value }, signal)))
      signal.throwIfAborted()
      const missingAt = servers.filter((_, at) => seen[at] === 'missing')
      if (missingAt.length === 0) {
        if (!seen.includes('there')) {
          log.warn('no name server could be asked whether the record of a challenge is there', { name, servers })
        }
        return
      }
      if (waitedMs >= PATIENCE_MS) {
        throw new AcmeFault(`${missingAt.join(', ')} do not answer the TXT record of ${name}`, {
          remedy: 'see that the record is put where these servers answer from, or name others in `checkAt`',
        })
      }
      await pause(clock, LOOK_MS, signal)
    }
  }

  /** Addresses of the name servers of the zone that holds it; none, if the DNS does not say. */
  async #findAuthorities(name: string, signal: AbortSignal): Promise<string[]> {
    const resolver = await this.#open(undefined)
    for (let zone = name; zone.includes('.'); zone = zone.slice(zone.indexOf('.') + 1)) {
      const servers = await ask(resolver, signal, () => resolver.resolveNs(zone)).catch((): string[] => [])
      signal.throwIfAborted()
      if (servers.length === 0) continue
      const addresses = await Promise.all(servers.map((server) => resolveHost(resolver, server)))
      signal.throwIfAborted()
      // Whoever writes that zone says where they are.
      const permitted = addresses.flat().filter((address) => this.#parts.guard.permits(address))
      return permitted.slice(0, MOST_SERVERS)
    }
    return []
  }

  async #open(servers: readonly string[] | undefined): Promise<Resolver> {
    const resolver = new Resolver(ANSWER_MS)
    const { guard } = this.#parts
    if (servers !== undefined) {
      resolver.setServers(await Promise.all(servers.map((server) => toAddress(server, guard))))
    }
    return resolver
  }
}

/** By IPv4, which reaches nearly all; by IPv6, where there is no other. */
async function resolveHost(resolver: Resolver, host: string): Promise<string[]> {
  const addresses = await resolver.resolve4(host).catch((): string[] => [])
  return addresses.length > 0 ? addresses : resolver.resolve6(host).catch((): string[] => [])
}

/** A resolver takes no names. @throws AcmeFault */
async function toAddress(server: string, guard: EgressGuard): Promise<string> {
  const { host, port } = parseServer(server)
  const address = await guard.getAddress(host).catch((error: Error) => {
    throw new AcmeFault(`the name server ${host} cannot be asked: ${error.message}`)
  })
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}

async function look(
  resolver: Resolver,
  { name, value }: { readonly name: string; readonly value: string },
  signal: AbortSignal,
): Promise<Look> {
  try {
    const records = await ask(resolver, signal, () => resolver.resolveTxt(name))
    return records.some((parts) => parts.join('') === value) ? 'there' : 'missing'
  } catch (error) {
    return NOTHING.has((error as NodeJS.ErrnoException).code ?? '') ? 'missing' : 'silent'
  }
}

/** A resolver knows no signal. */
async function ask<Answer>(resolver: Resolver, signal: AbortSignal, call: () => Promise<Answer>): Promise<Answer> {
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await call()
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
