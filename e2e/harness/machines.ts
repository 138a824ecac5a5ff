/** Owns control planes and nodes as users start them, each a process of its own, and what stands between them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until, within } from './deadline.ts'
import { RunningGateway } from './gateway.ts'

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/gatewright.js', import.meta.url))

export class RunningControl {
  readonly url: string
  readonly #child: ChildProcess
  stderr = ''

  constructor(child: ChildProcess, port: number, scheme: string) {
    this.#child = child
    this.url = `${scheme}://127.0.0.1:${port}`
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Resolves when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (!this.hasEnded) {
      const ended = once(child, 'exit')
      child.kill(signal)
      await within(ended, 'the control plane to end')
    }
    return child.exitCode
  }
}

export interface ControlGiven {
  /** The one that it had before, where it is started again. */
  readonly port?: number
  readonly args?: readonly string[]
  /** Of another release. */
  readonly command?: string
}

export async function startControl(
  database: string,
  { port, args: more = [], command = COMMAND }: ControlGiven = {},
): Promise<RunningControl> {
  const chosen = port ?? (await findFreePort())
  const args = [command, 'control', '--database', database, '--control-port', `${chosen}`, ...more]
  const control = new RunningControl(
    spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] }),
    chosen,
    more.includes('--control-tls-cert') ? 'https' : 'http',
  )
  try {
    await until(() => {
      if (control.hasEnded) throw new Error('the control plane has ended')
      return /answers on/.test(control.stderr) || undefined
    }, 'the control plane to answer')
  } catch (error) {
    await control.stop()
    throw new Error(`${(error as Error).message}; it said:\n${control.stderr}`)
  }
  return control
}

export interface NodeGiven {
  readonly controls: readonly string[]
  /** Undefined: `args` say who it is. */
  readonly token: string | undefined
  readonly name: string
  readonly threads?: number
  /** Of one that ran before. */
  readonly folder?: string
  readonly ports?: { readonly port: number; readonly adminPort: number }
  readonly args?: readonly string[]
  /** Of another release. */
  readonly command?: string
}

/** Starts it without waiting for anything. */
export async function spawnNode({ controls, token, name, ...given }: NodeGiven): Promise<RunningGateway> {
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), 'gatewright-node-')))
  const { port, adminPort } = given.ports ?? { port: await findFreePort(), adminPort: await findFreePort() }
  const args = [given.command ?? COMMAND, 'node', ...controls.flatMap((url) => ['--control', url])]
  if (token !== undefined) {
    await writeFile(join(folder, 'token'), `${token}\n`)
    args.push('--token-file', join(folder, 'token'))
  }
  args.push('--data', join(folder, 'data'), '--name', name)
  args.push('--port', `${port}`, '--admin-port', `${adminPort}`, '--threads', `${given.threads ?? 1}`)
  const child = spawn(process.execPath, [...args, ...(given.args ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] })
  return new RunningGateway({ child, port, adminPort, folder })
}

/** Starts it and waits until it is ready. */
export async function startNode(given: NodeGiven): Promise<RunningGateway> {
  const node = await spawnNode(given)
  try {
    await until(async () => (await node.isReady()) || undefined, 'the node to be ready')
  } catch (error) {
    const said = node.stderr.slice(-4000)
    await endNode(node)
    throw new Error(`${(error as Error).message}; it said:\n${said}`)
  }
  return node
}

/** At once, and its folder stays. */
export async function endNode(node: RunningGateway): Promise<void> {
  if (node.child.exitCode !== null || node.child.signalCode !== null) return
  node.child.kill('SIGKILL')
  await within(node.exited, 'the node to end')
}

export async function removeNode(node: RunningGateway): Promise<void> {
  await endNode(node)
  await rm(node.folder, { recursive: true, force: true })
}

/** A connection between a node and a control plane, or that and its database, that can be cut. */
export class Cable {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false
  #isSlow = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}`
  }

  static async lay(to: string): Promise<Cable> {
    const target = Number(new URL(to).port)
    const server = createServer()
    const port = await findFreePort()
    const cable = new Cable(server, port)
    server.on('connection', (near) => cable.#join(near, target))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return cable
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Whoever is connected stays so, and is told nothing any more. */
  hold(): void {
    for (const socket of this.#sockets) socket.unpipe().pause()
  }

  /** From the next connection on, what comes to the node comes in drops. */
  slowDown(): void {
    this.#isSlow = true
  }

  mend(): void {
    this.#isCut = false
    this.#isSlow = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, target: number): void {
    if (this.#isCut) {
      near.destroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // What is still on its way in drops ends it.
        if (socket === near || !this.#isSlow) other.destroy()
      })
    }
    near.pipe(far)
    if (this.#isSlow) void drip(far, near)
    else far.pipe(near)
  }
}

const DROP_BYTES = 2_000
const DROP_EACH_MS = 5

async function drip(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += DROP_BYTES) {
        to.write(chunk.subarray(at, at + DROP_BYTES))
        await setTimeout(DROP_EACH_MS)
      }
    }
    to.end()
  } catch {
    // It was cut off.
  }
}
