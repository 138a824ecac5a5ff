/** Owns a real name server for ACME's tests: Debian's BIND, with a zone that may be updated by a key. */
import { createHmac } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../../../policies/src/testing/free-ports.ts'
import type { DnsUpdateOptions } from './acme-options.ts'
import { ServingProgram } from './acme-stage.fixture.ts'

const KEY_NAME = 'gatewright-test'
/** Any 32 octets. */
const SECRET = createHmac('sha256', 'a key').update('of tests').digest('base64')
/** Another that it knows, and that may update nothing. */
const POWERLESS = 'powerless'

const ZONES = ['example.test', 'proofs.test'] as const

const toZone = (zone: string): string => `
$TTL 60
@ IN SOA ns.${zone}. root.${zone}. 1 3600 600 86400 60
@ IN NS ns.${zone}.
@ IN A 127.0.0.1
* IN A 127.0.0.1
${zone === 'example.test' ? '_acme-challenge.alias IN CNAME alias.proofs.test.' : ''}
`

/** Answers the zones `example.test` and `proofs.test`; `_acme-challenge.alias.example.test` leads to the second. */
export class NamedServer {
  /** `host:port` */
  readonly server: string
  readonly #program: ServingProgram
  readonly #resolver = new Resolver({ timeout: 1000, tries: 3 })

  private constructor(server: string, program: ServingProgram) {
    this.server = server
    this.#program = program
    this.#resolver.setServers([server])
  }

  static async start(): Promise<NamedServer> {
    const port = await findFreePort()
    const program = ServingProgram.start('named', (folder) => {
      const file = join(folder, 'named.conf')
      writeFileSync(file, toConfiguration(folder, port))
      for (const zone of ZONES) writeFileSync(join(folder, `${zone}.zone`), toZone(zone))
      writeFileSync(join(folder, 'key.conf'), toKey(KEY_NAME))
      return ['-g', '-n', '1', '-c', file]
    })
    await program.awaitWords(/ running$/m)
    return new NamedServer(`127.0.0.1:${port}`, program)
  }

  /** How to update it. */
  get options(): DnsUpdateOptions {
    return { server: this.server, keyName: KEY_NAME, secret: SECRET, algorithm: 'hmac-sha256', ttlSeconds: 60 }
  }

  get powerless(): DnsUpdateOptions {
    return { ...this.options, keyName: POWERLESS }
  }

  /** For nsupdate. */
  get keyFile(): string {
    return join(this.#program.folder, 'key.conf')
  }

  get said(): string {
    return this.#program.said
  }

  /** The TXT records that it has under a name, in order. */
  async list(name: string): Promise<string[]> {
    const records = await this.#resolver.resolveTxt(name).catch((): string[][] => [])
    return records.map((parts) => parts.join('')).sort()
  }

  stop(): Promise<void> {
    return this.#program.stop()
  }
}

function toKey(name: string, algorithm = 'hmac-sha256'): string {
  return `key "${name}" { algorithm ${algorithm}; secret "${SECRET}"; };\n`
}

function toConfiguration(folder: string, port: number): string {
  const keys = [toKey(KEY_NAME), toKey(POWERLESS), toKey('sha384', 'hmac-sha384'), toKey('sha512', 'hmac-sha512')]
  const mayUpdate = `allow-update { key "${KEY_NAME}"; key "sha384"; key "sha512"; };`
  const zones = ZONES.map((zone) => `zone "${zone}" { type primary; file "${folder}/${zone}.zone"; ${mayUpdate} };`)
  return `
${keys.join('')}
controls { };
options {
  directory "${folder}"; pid-file none; session-keyfile none; managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  // Aliases are followed from zone to zone, as resolvers do; nobody else is asked.
  recursion yes; forward only; forwarders port 1 { 127.0.0.1; }; dnssec-validation no; notify no;
};
${zones.join('\n')}
`
}
