/** Owns what stands for a gateway in ACME's tests: a keeper, and small servers that answer challenges as its listeners would. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { RecordingLog } from '@gatewright/policies/testing'
import { type AcmeOptions, DEFAULT_DIRECTORY } from './acme-options.ts'
import { createHastyClock, until } from './acme-stage.fixture.ts'
import { CertificateKeeper, type CertificateKeeperParts } from './certificate-keeper.ts'
import { ACME_ALPN_PROTOCOL, type ChallengeSet, findHttpAnswer } from './challenges/challenge-set.ts'
import type { ServedCertificate } from './kept-certificate.ts'
import type { AcmeStorage } from './storage/acme-storage.ts'

export function toOptions(options: Partial<AcmeOptions>): AcmeOptions {
  return {
    id: 'web',
    hosts: ['www.example.test'],
    directory: DEFAULT_DIRECTORY,
    challenge: 'http-01',
    keyType: 'ecdsa-p256',
    renewAt: 2 / 3,
    ...options,
  }
}

export class AcmeNode {
  readonly log = new RecordingLog()
  readonly served = new Map<string, ServedCertificate>()
  /** Every set of challenges that was published. */
  readonly sets: ChallengeSet[] = []
  readonly keeper: CertificateKeeper

  constructor(storage: AcmeStorage, parts: Partial<CertificateKeeperParts> = {}) {
    this.keeper = new CertificateKeeper({
      storage,
      publish: {
        challenges: async (set) => {
          this.sets.push(set)
        },
        certificate: (id, certificate) => this.served.set(id, certificate),
      },
      clock: createHastyClock(),
      log: this.log,
      random: () => 0.5,
      isShared: false,
      ...parts,
    })
  }

  get challenges(): ChallengeSet {
    return this.sets.at(-1) ?? { http: new Map(), alpn: new Map() }
  }

  /** Resolves with what is served under this id, as soon as it is another than `before`. */
  awaitCertificate(id = 'web', before?: ServedCertificate): Promise<ServedCertificate> {
    return until(() => {
      const served = this.served.get(id)
      if (served !== undefined && served.chain !== before?.chain) return served
      const failed = this.log.entries.find(({ level }) => level === 'error')
      if (failed !== undefined) throw new Error(JSON.stringify(failed))
      return undefined
    }, 'a certificate')
  }

  /** Resolves with the facts of the first error in the log. */
  awaitError(): Promise<Readonly<Record<string, unknown>>> {
    return until(() => this.log.entries.find(({ level }) => level === 'error')?.facts, 'an error in the log')
  }
}

export interface AnswerServer {
  readonly port: number
  /** What was asked for. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** Answers by HTTP-01, each request by the next of the nodes: as behind a load balancer. */
export async function serveHttpAnswers(
  ...nodes: readonly { readonly challenges: ChallengeSet; readonly held?: Promise<void> | undefined }[]
): Promise<AnswerServer> {
  const asked: string[] = []
  const server = createHttpServer(async (request, response) => {
    const node = nodes[asked.length % nodes.length]
    const path = request.url ?? ''
    asked.push(`${request.headers.host} ${path}`)
    await node?.held
    const answer = node && findHttpAnswer(node.challenges, path)
    response.writeHead(answer === undefined ? 404 : 200, { 'Content-Type': 'application/octet-stream' }).end(answer)
  })
  return listen(server, asked)
}

/** Answers by TLS-ALPN-01. */
export async function serveAlpnAnswers(node: { readonly challenges: ChallengeSet }): Promise<AnswerServer> {
  const asked: string[] = []
  const server = createTlsServer({
    ALPNProtocols: [ACME_ALPN_PROTOCOL],
    SNICallback: (host, tell) => {
      asked.push(host)
      const found = node.challenges.alpn.get(host)
      tell(null, found && createSecureContext({ cert: found.certificate, key: found.key }))
    },
  })
  server.on('tlsClientError', () => {})
  return listen(server, asked)
}

async function listen(server: Server, asked: readonly string[]): Promise<AnswerServer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    await closed
  }
  return { port, asked, close }
}
