/** Owns who issues keys to machines and containers, as clouds have them: metadata of EC2, credentials of ECS, and STS. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface IssuedKey {
  readonly id: string
  readonly secret: string
  readonly token: string
}

/** Keys that whoever verifies knows beforehand; each set that is asked for is the next one, and after the last the first. */
export class KeyIssuers {
  readonly keys: readonly IssuedKey[]
  /** Method and path of each call. */
  readonly calls: string[] = []
  /** What has to be brought, and is. */
  readonly containerToken = 'c0ntainer-t0ken'
  readonly webToken = 'web.identity.t0ken'
  lifeMs = 3_600_000
  readonly #server: Server
  #given = 0

  private constructor(keys: readonly IssuedKey[]) {
    this.keys = keys
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
  }

  static async listen(keys: readonly IssuedKey[]): Promise<KeyIssuers> {
    const issuers = new KeyIssuers(keys)
    issuers.#server.listen(0, '127.0.0.1')
    await once(issuers.#server, 'listening')
    return issuers
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const form = new URLSearchParams(Buffer.concat(pieces).toString())
    this.calls.push(`${method} ${url}`)
    const refuse = (status: number) => response.writeHead(status).end('no')
    const say = (body: object) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
    switch (`${method} ${url}`) {
      case 'PUT /latest/api/token':
        return void response.end('metadata-t0ken')
      case 'GET /latest/meta-data/iam/security-credentials/':
        return void (headers['x-aws-ec2-metadata-token'] === 'metadata-t0ken' ? response.end('role') : refuse(401))
      case 'GET /latest/meta-data/iam/security-credentials/role':
        if (headers['x-aws-ec2-metadata-token'] !== 'metadata-t0ken') return void refuse(401)
        return void say({ Code: 'Success', ...this.#issue('Token') })
      case 'GET /container':
      case 'GET /container/short':
        if (headers.authorization !== this.containerToken) return void refuse(401)
        return void say(this.#issue('Token', url.endsWith('short') ? 13_000 : undefined))
      case 'POST /sts/':
        if (form.get('WebIdentityToken') !== this.webToken) return void refuse(400)
        return void say({
          AssumeRoleWithWebIdentityResponse: {
            AssumeRoleWithWebIdentityResult: { Credentials: this.#issue('SessionToken') },
          },
        })
      default:
        return void refuse(404)
    }
  }

  #issue(tokenName: string, lifeMs = this.lifeMs): object {
    const { id, secret, token } = this.keys[this.#given++ % this.keys.length]!
    const end = new Date(Date.now() + lifeMs).toISOString()
    return { AccessKeyId: id, SecretAccessKey: secret, [tokenName]: token, Expiration: end }
  }
}
