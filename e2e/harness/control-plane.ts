/** Owns a real control plane beside a real gateway: the command as users start it, and its first account. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@gatewright/client'
import { until } from './deadline.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { findFreePort } from './ports.ts'

const PASSWORD = 'seven grey herons over the weir'

export interface ControlPlaneOptions {
  readonly threads?: number
  /** What the last one left. */
  readonly data?: string
  readonly yaml?: string
  readonly args?: readonly string[]
}

export class RunningControlPlane {
  readonly gateway: RunningGateway
  readonly data: string
  readonly url: string

  private constructor(gateway: RunningGateway, data: string, url: string) {
    this.gateway = gateway
    this.data = data
    this.url = url
  }

  /** Resolves when the gateway is ready, and the admin API answers. */
  static async start({ threads = 1, data, yaml, args = [] }: ControlPlaneOptions = {}): Promise<RunningControlPlane> {
    const folder = data ?? (await mkdtemp(join(tmpdir(), 'gatewright-control-')))
    const port = await findFreePort()
    const gateway = await startGateway({
      yaml: yaml ?? 'gatewright: 1\naccessLog: off\n',
      threads,
      args: ['--control-plane', '--data', folder, '--control-port', `${port}`, ...args],
    })
    try {
      await until(async () => {
        if (gateway.child.exitCode !== null) throw new Error('it has ended')
        return gateway.stderr.includes('serves on') || undefined
      }, 'the greeting')
    } catch (error) {
      await gateway.stop()
      throw new Error(`${(error as Error).message}: ${gateway.stderr}`)
    }
    return new RunningControlPlane(gateway, folder, `http://127.0.0.1:${port}`)
  }

  /** Of the link that was printed; undefined: there is an account already. */
  get setUpSecret(): string | undefined {
    return /\/set-up#([\w-]+)/.exec(this.gateway.stderr)?.[1]
  }

  /** Makes the first account, and a token of it. */
  async setUp(): Promise<{ readonly client: Client; readonly token: string }> {
    const body = { secret: this.setUpSecret ?? '', email: 'owner@example.com', name: 'Owner', password: PASSWORD }
    const answer = await fetch(`${this.url}/api/v1/set-up`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(await answer.text())
    const { csrfToken } = (await answer.json()) as { csrfToken: string }
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const browser = new Client({ url: this.url, headers: { cookie, 'x-csrf-token': csrfToken } })
    const { value } = (await browser.ask('issueMyToken', { body: { name: 'test' } })).body
    return { client: this.toClient(value), token: value }
  }

  toClient(token: string): Client {
    return new Client({ url: this.url, token })
  }

  /** Nothing is said to it: it is gone. The data stay. */
  async kill(): Promise<void> {
    await this.gateway.stop()
  }

  async remove(): Promise<void> {
    await this.gateway.stop()
    await rm(this.data, { recursive: true, force: true })
  }
}
