/** Owns a real control plane beside a real gateway: the command as users start it, and its first account. */
import { rm } from 'node:fs/promises'
import { Client } from '@gatewright/client'
import { makeStoreFolder } from '../../packages/control-plane/src/testing/make-store-folder.ts'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until } from './deadline.ts'
import { findSetUpSecret, makeFirstAccount } from './first-account.ts'
import { type RunningGateway, startGateway } from './gateway.ts'

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
    const folder = data ?? makeStoreFolder('gatewright-control-')
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
    return findSetUpSecret(this.gateway.stderr)
  }

  /** Makes the first account, and a token of it. */
  async setUp(): Promise<{ readonly client: Client; readonly token: string }> {
    const token = await makeFirstAccount(this.url, this.gateway.stderr)
    return { client: this.toClient(token), token }
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
