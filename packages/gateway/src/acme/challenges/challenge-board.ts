/** Owns the challenges that this process answers: its own, and those of other nodes that share the storage. */
import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '@gatewright/policies'
import { AcmeFault } from '../acme-fault.ts'
import { pause } from '../pause.ts'
import type { AcmeStorage, StoredChallenge } from '../storage/acme-storage.ts'
import type { AlpnCertificate, ChallengeSet } from './challenge-set.ts'

export interface ChallengeBoardParts {
  readonly storage: AcmeStorage
  /** Resolves once every data thread answers with these, and no others. */
  readonly publish: (set: ChallengeSet) => Promise<void>
  readonly clock: Clock
  readonly log: Log
  /** Other nodes share the storage: the authority may look at any of them. */
  readonly isShared: boolean
}

/** So often a node looks what others want to have answered. */
const LOOK_MS = 1000
/** Two looks, and what it takes to tell threads: then every node knows. */
const SHARE_MS = 2500

/** Threads answer within milliseconds; one that died does not, and another takes its place. */
const TELL_MS = 10_000

/** Takes away what was presented. It never rejects. */
export type Withdraw = () => Promise<void>

export class ChallengeBoard {
  readonly #parts: ChallengeBoardParts
  readonly #own = new Map<string, StoredChallenge>()
  #others: readonly StoredChallenge[] = []
  /** What data threads were told last. */
  #told = ''
  #telling: Promise<void> = Promise.resolve()
  readonly #end = new AbortController()
  #looking: Promise<void> = Promise.resolve()

  constructor(parts: ChallengeBoardParts) {
    this.#parts = parts
  }

  /** From here on it looks for those of others. */
  start(): void {
    if (this.#parts.isShared) this.#looking = this.#look()
  }

  /** Resolves once nothing is looked for any more. */
  async stop(): Promise<void> {
    this.#end.abort()
    await this.#looking
  }

  /** Resolves once every data thread of every node answers with them. */
  async present(challenges: readonly StoredChallenge[], signal: AbortSignal): Promise<Withdraw> {
    const { storage, clock, isShared } = this.#parts
    const named = challenges.map((challenge) => [randomUUID(), challenge] as const)
    const withdraw = (): Promise<void> => this.#withdraw(named.map(([name]) => name))
    try {
      for (const [name, challenge] of named) {
        this.#own.set(name, challenge)
        if (isShared) await storage.putChallenge(name, challenge)
      }
      await this.#tell()
      if (isShared) await pause(clock, SHARE_MS, signal)
    } catch (error) {
      await withdraw()
      throw error
    }
    return withdraw
  }

  async #withdraw(names: readonly string[]): Promise<void> {
    const { storage, log, isShared } = this.#parts
    for (const name of names) this.#own.delete(name)
    try {
      if (isShared) for (const name of names) await storage.removeChallenge(name)
      await this.#tell()
    } catch (error) {
      log.warn('a challenge could not be taken back; it expires by itself', { error: String(error) })
    }
  }

  async #look(): Promise<void> {
    const { storage, clock, log } = this.#parts
    const { signal } = this.#end
    let isTold = false
    while (!signal.aborted) {
      try {
        this.#others = await storage.listChallenges()
        await this.#tell()
        isTold = false
      } catch (error) {
        if (!isTold) log.error('the challenges of other nodes cannot be looked at', { error: String(error) })
        isTold = true
      }
      await pause(clock, LOOK_MS, signal).catch(() => {})
    }
  }

  /** One after the other, each with what is true then. */
  #tell(): Promise<void> {
    const telling = this.#telling.then(async () => {
      const set = toSet([...this.#others, ...this.#own.values()])
      const text = JSON.stringify([[...set.http], [...set.alpn]])
      if (text === this.#told) return
      await this.#publish(set)
      this.#told = text
    })
    this.#telling = telling.catch(() => {})
    return telling
  }

  async #publish(set: ChallengeSet): Promise<void> {
    const { publish, clock } = this.#parts
    const done = new AbortController()
    const late = pause(clock, TELL_MS, done.signal).then(() => {
      throw new AcmeFault('the threads that answer challenges do not take them')
    })
    // What is called off after all is well is no failure.
    late.catch(() => {})
    try {
      await Promise.race([publish(set), late])
    } finally {
      done.abort()
    }
  }
}

function toSet(challenges: readonly StoredChallenge[]): ChallengeSet {
  const http = new Map<string, string>()
  const alpn = new Map<string, AlpnCertificate>()
  for (const challenge of challenges) {
    if (challenge.kind === 'http-01') http.set(challenge.token, challenge.keyAuthorization)
    else alpn.set(challenge.host, { certificate: challenge.certificate, key: challenge.key })
  }
  return { http, alpn }
}
