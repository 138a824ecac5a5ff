/** Owns what ACME's tests share: real authorities and name servers of Debian's on the loopback, and a clock that hurries. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pauseReally } from 'node:timers/promises'
import type { Clock } from '@gatewright/policies'
import { findFreePort } from '../../../policies/src/testing/free-ports.ts'

/** Where other people's programs are found, with Debian's names for their packages. */
const PACKAGES = {
  pebble: 'pebble',
  'pebble-challtestsrv': 'pebble',
  named: 'bind9',
  nsupdate: 'bind9-dnsutils',
  dig: 'bind9-dnsutils',
  openssl: 'openssl',
} as const
type Program = keyof typeof PACKAGES

export function findProgram(name: Program): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // The next one.
    }
  }
  return undefined
}

/** Why tests that need them are skipped; where CI says that everything is to be proved, they run, and fail in `getProgram`. */
export function toSkip(...names: readonly Program[]): string | false {
  const missing = names.find((name) => findProgram(name) === undefined)
  return missing !== undefined && process.env.CI !== 'true' ? toMissing(missing) : false
}

/** @throws with how to get it */
export function getProgram(name: Program): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`${toMissing(name)}; without CI=true these tests are skipped`)
  return path
}

function toMissing(name: Program): string {
  return `${name} is not installed: apt-get install ${PACKAGES[name]}`
}

/** Waits run so many times faster. */
const HASTE = 40
/** What takes longer never ends by itself: a test would have to wait for it. */
const LONGEST_MS = 15_000

/** The time of day as it is, and waits of the product that are over soon. */
export function createHastyClock(haste = HASTE): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, call) {
      if (delayMs > LONGEST_MS) return () => {}
      const timer = setTimeout(call, delayMs / haste)
      return () => clearTimeout(timer)
    },
  }
}

/** Long enough for a machine with two busy cores; nothing passes because of it. */
const PATIENCE_MS = 20_000

export async function until<Value>(
  ask: () => Value | undefined | Promise<Value | undefined>,
  what: string,
): Promise<Value> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`)
    await pauseReally(10)
  }
}

/** A program that serves until it is stopped, in a folder of its own. */
export class ServingProgram {
  readonly folder: string
  readonly #child: ChildProcess
  readonly #name: string
  #said = ''

  private constructor(name: string, child: ChildProcess, folder: string) {
    this.#name = name
    this.#child = child
    this.folder = folder
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString()
      })
    }
  }

  /** `toArgs` may write into the folder. */
  static start(
    name: Program,
    toArgs: (folder: string) => readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ServingProgram {
    const path = getProgram(name)
    const folder = mkdtempSync(join(tmpdir(), `gatewright-${name}-`))
    const child = spawn(path, [...toArgs(folder)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    return new ServingProgram(name, child, folder)
  }

  /** All that it wrote so far. */
  get said(): string {
    return this.#said
  }

  /** Resolves once it says so; what does not is stopped. */
  async awaitWords(words: RegExp): Promise<void> {
    try {
      await until(() => {
        if (this.#child.exitCode !== null) throw new Error(`${this.#name} ended with ${this.#child.exitCode}`)
        return words.test(this.#said) || undefined
      }, `${this.#name} to say ${words}`)
    } catch (cause) {
      await this.stop()
      throw new Error(`${(cause as Error).message}; it said: ${this.#said}`, { cause })
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await exited
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export interface PebbleOptions {
  /** Where it looks for the answers to challenges. */
  readonly httpPort?: number
  readonly tlsPort?: number
  /** `host:port` of the name server that it asks. */
  readonly dnsServer: string
  /** Key id → base64url of the key, of accounts that it knows; only these may be used. */
  readonly externalAccounts?: Readonly<Record<string, string>>
  readonly validitySeconds?: number
  /** Where it listens; where nobody else does, if absent. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Debian's pebble: an authority that forgets everything when it is stopped, and refuses one nonce in ten: more, and six in a row, after which the client gives up, would come by chance. */
export class Pebble {
  readonly directory: string
  /** PEM file of who is trusted as its server. */
  readonly trustedCa: string
  readonly #program: ServingProgram

  private constructor(directory: string, program: ServingProgram) {
    this.directory = directory
    this.trustedCa = join(program.folder, 'server.pem')
    this.#program = program
  }

  static async start(options: PebbleOptions): Promise<Pebble> {
    const { httpPort = 1, tlsPort = 1, dnsServer, externalAccounts, validitySeconds, env } = options
    const port = options.port ?? (await findFreePort())
    const program = ServingProgram.start(
      'pebble',
      (folder) => {
        makeServerCertificate(folder)
        const pebble = {
          listenAddress: `127.0.0.1:${port}`,
          managementListenAddress: '',
          certificate: join(folder, 'server.pem'),
          privateKey: join(folder, 'server.key'),
          httpPort,
          tlsPort,
          ocspResponderURL: '',
          externalAccountBindingRequired: externalAccounts !== undefined,
          ...(externalAccounts && { externalAccountMACKeys: externalAccounts }),
          ...(validitySeconds !== undefined && { certificateValidityPeriod: validitySeconds }),
        }
        writeFileSync(join(folder, 'pebble.json'), JSON.stringify({ pebble }))
        return ['-config', join(folder, 'pebble.json'), '-dnsserver', dnsServer, '-strict']
      },
      { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '10', PEBBLE_AUTHZREUSE: '0', ...env },
    )
    await program.awaitWords(/Listening on/i)
    return new Pebble(`https://127.0.0.1:${port}/dir`, program)
  }

  /** How many orders it was asked for. */
  get orders(): number {
    return this.#program.said.match(/Added order/g)?.length ?? 0
  }

  get said(): string {
    return this.#program.said
  }

  stop(): Promise<void> {
    return this.#program.stop()
  }
}

/** Of 127.0.0.1, signed by itself: `server.pem` and `server.key`. */
export function makeServerCertificate(folder: string): void {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const files = ['-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.pem')]
  const names = ['-subj', '/CN=pebble', '-addext', 'subjectAltName=IP:127.0.0.1']
  const { status, stderr } = spawnSync(getProgram('openssl'), [...args, ...files, ...names])
  if (status !== 0) throw new Error(`openssl: ${stderr}`)
}

/** A name server that has the address 127.0.0.1 for every name. Resolves with its `host:port`, and how to stop it. */
export async function startAddressServer(): Promise<{ readonly server: string; stop(): Promise<void> }> {
  const [port, management] = [await findFreePort(), await findFreePort()]
  const program = ServingProgram.start('pebble-challtestsrv', () => [
    ...['-dns01', `127.0.0.1:${port}`, '-management', `127.0.0.1:${management}`, '-defaultIPv6', ''],
    ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
  ])
  const server = `127.0.0.1:${port}`
  const resolver = new Resolver({ timeout: 200, tries: 1 })
  resolver.setServers([server])
  await until(() => resolver.resolve4('a.test').then(Boolean, () => undefined), 'the name server to answer')
  return { server, stop: () => program.stop() }
}
