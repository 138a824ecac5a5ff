/** Owns a real gateway: the command as users start it, in a process of its own, on free ports. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until, within } from './deadline.ts'

/** Ports are looked for anew each time. */
const START_ATTEMPTS = 3
const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/gatewright.js', import.meta.url))

export interface GatewayOptions {
  readonly yaml: string
  readonly threads?: number
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Default: free ones. */
  readonly port?: number
  /** A file or folder to serve instead of `yaml`. */
  readonly config?: string
  /** A descriptor instead of a pipe to us. */
  readonly stderr?: number
}

/** What the admin port says of what runs. */
export interface SnapshotFacts {
  readonly version: number
  readonly hash: string
  /** `fed`: published elsewhere. */
  readonly apps: { readonly fed: { readonly keys: number; readonly sequence: number | null } }
  readonly threads: readonly { readonly index: number; readonly version: number; readonly hash: string }[]
  readonly configuration: { readonly loadedAt: string; readonly fault: string | null }
}

export class RunningGateway {
  readonly port: number
  readonly adminPort: number
  readonly child: ChildProcess
  readonly configFile: string
  readonly folder: string
  /** What it wrote: records to stdout, its own log to stderr. */
  stdout = ''
  stderr = ''
  readonly exited: Promise<number | NodeJS.Signals | null>

  constructor({
    child,
    port,
    adminPort,
    folder,
  }: { child: ChildProcess; port: number; adminPort: number; folder: string }) {
    this.child = child
    this.port = port
    this.adminPort = adminPort
    this.folder = folder
    this.configFile = join(folder, 'gatewright.yaml')
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null)
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** What it wrote to stdout: the last line may be a part of one, and is none yet. */
  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1)
  }

  /** The first line of them that has all of these in it. */
  async awaitLine(...texts: readonly string[]): Promise<string> {
    return await until(
      () => this.lines.find((line) => texts.every((text) => line.includes(text))),
      `a line with ${texts.join(' and ')}`,
    )
  }

  /** The status endpoint, by name without slash. */
  async status(name: string): Promise<{ status: number; text: string } | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.adminPort}/${name}`)
      return { status: answer.status, text: await answer.text() }
    } catch {
      return undefined
    }
  }

  async snapshot(): Promise<SnapshotFacts | undefined> {
    const answer = await this.status('snapshot')
    return answer === undefined ? undefined : (JSON.parse(answer.text) as SnapshotFacts)
  }

  /** The value of a metric without labels, or with exactly these as the text has them. */
  async metric(name: string): Promise<number> {
    const { text = '' } = (await this.status('metrics')) ?? {}
    const line = text.split('\n').find((each) => each.startsWith(`${name} `))
    if (line === undefined) throw new Error(`there is no metric ${name}`)
    return Number(line.slice(name.length + 1))
  }

  /** Open file descriptors of the process. */
  async openFiles(): Promise<readonly string[]> {
    const folder = `/proc/${this.pid}/fd`
    const names = await readdir(folder)
    return await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => 'gone')))
  }

  /** Resident memory in bytes. */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** Writes the configuration anew; the gateway sees it by itself. */
  async rewrite(yaml: string): Promise<void> {
    await writeFile(this.configFile, yaml)
  }

  /** The same, until every thread serves it. @throws AssertionError where there is a fault in it */
  async change(yaml: string): Promise<void> {
    const earlier = (await this.snapshot())?.configuration.loadedAt
    await this.rewrite(yaml)
    await until(async () => {
      const { version, threads = [], configuration } = (await this.snapshot()) ?? {}
      if (configuration === undefined || configuration.loadedAt === earlier) return undefined
      assert.equal(configuration.fault, null)
      return threads.every((thread) => thread.version === version) || undefined
    }, 'every thread to serve the change')
  }

  async isReady(): Promise<boolean> {
    return (await this.status('readyz'))?.status === 200
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL')
      await within(this.exited, 'the gateway to end')
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Starts the command without waiting for anything. */
export async function spawnGateway(options: GatewayOptions): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-e2e-'))
  await writeFile(join(folder, 'gatewright.yaml'), options.yaml)
  const port = options.port ?? (await findFreePort())
  const adminPort = await findFreePort()
  const config = options.config ?? join(folder, 'gatewright.yaml')
  const args = [COMMAND, 'start', '--config', config, '--port', `${port}`]
  args.push('--admin-port', `${adminPort}`, '--threads', `${options.threads ?? 1}`, ...(options.args ?? []))
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', options.stderr ?? 'pipe'],
    env: { ...process.env, ...options.env },
  })
  return new RunningGateway({ child, port, adminPort, folder })
}

/** Starts it and waits until it is ready; what it said is in the error when it does not become so. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  for (let attempt = 1; ; attempt++) {
    const gateway = await spawnGateway(options)
    try {
      await becomeReady(gateway)
      return gateway
    } catch (error) {
      const said = `${gateway.stderr}\n${gateway.stdout}`.trim().slice(-4000)
      await gateway.stop()
      const taken = /:(\d+) is in use/.exec(said)?.[1]
      // A port cannot be kept for another program: whoever takes it between our look and its bind has it.
      const isWorthAnother = taken !== undefined && options.port === undefined && attempt < START_ATTEMPTS
      if (!isWorthAnother) throw new Error(`${(error as Error).message}; it said:\n${said}`)
      console.warn(`port ${taken} was free and is not any more:\n${await listSocketsOf(Number(taken))}`)
    }
  }
}

async function becomeReady(gateway: RunningGateway): Promise<void> {
  await until(async () => {
    const { exitCode, signalCode } = gateway.child
    if (exitCode !== null || signalCode !== null) throw new Error(`the gateway ended with ${exitCode ?? signalCode}`)
    return (await gateway.isReady()) || undefined
  }, 'the gateway to be ready')
}

/** As Linux has them: addresses, state and owner (proc_net_tcp(5)). */
async function listSocketsOf(port: number): Promise<string> {
  const text = await readFile('/proc/net/tcp', 'utf8').catch(() => '')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const lines = text.split('\n').filter((line) => line.includes(suffix))
  return lines.length === 0 ? 'nobody has it now' : lines.join('\n')
}
