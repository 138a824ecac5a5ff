/** Owns other people's servers on this machine: installed from Debian when we may, else skipped with a word why, or failed where CI asks for all. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from '../../packages/policies/src/testing/free-ports.ts'
import { until, within } from './deadline.ts'

export type PeerName = 'nginx' | 'haproxy'

/** Programs that tests need, and the packages of Debian that bring them. */
const PACKAGES = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  slapd: 'slapd',
  chromium: 'chromium',
  curl: 'curl',
  wget: 'wget',
  ab: 'apache2-utils',
  python3: 'python3',
  java: 'default-jdk-headless',
  // Neither Debian nor npm brings it, so nothing of ours can: its tests are skipped without it, under CI too.
  opa: undefined,
} as const
export type ProgramName = keyof typeof PACKAGES

const run = promisify(execFile)

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return path
  }
  return undefined
}

/** Absent peers say how to get them; those which no package brings are `optional`. */
export type FoundPeer = { readonly path: string } | { readonly missing: string; readonly optional?: true }

/** The program's path, or one line that says how to get it. */
export async function findPeer(name: ProgramName): Promise<FoundPeer> {
  const find = () => findProgram(name)
  const bringer = PACKAGES[name]
  if (bringer !== undefined) return findOrInstall(find, { missing: `${name} is not installed`, bringer })
  const path = await find()
  return path === undefined
    ? { missing: `there is no command ${name}, and no package has it`, optional: true }
    : { path }
}

/** Python with a module, which a package of Debian brings. */
export function findPython(module: string, bringer: string): Promise<FoundPeer> {
  const find = async () => {
    const path = await findProgram('python3')
    if (path === undefined) return undefined
    return run(path, ['-c', `import ${module}`]).then(
      () => path,
      () => undefined,
    )
  }
  return findOrInstall(find, { missing: `python3 has no ${module}`, bringer })
}

async function findOrInstall(
  find: () => Promise<string | undefined>,
  { missing, bringer }: { readonly missing: string; readonly bringer: string },
): Promise<FoundPeer> {
  const path = await find()
  if (path !== undefined) return { path }
  const how = `${missing}: apt-get install ${bringer}`
  if (process.getuid?.() !== 0 || (await findProgram('apt-get')) === undefined) return { missing: how }
  try {
    await install(bringer)
  } catch (error) {
    return { missing: `${how} (tried, and it failed: ${String(error).split('\n')[0]})` }
  }
  const installed = await find()
  return installed === undefined ? { missing: how } : { path: installed }
}

/** A fresh system has no lists of packages, another test file may be installing too, and nothing that is installed is to be started. */
async function install(name: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const waiting = ['-o', 'DPkg::Lock::Timeout=120']
  const add = () => run('apt-get', [...waiting, 'install', '-y', '--no-install-recommends', name], { env })
  await add().catch(async () => {
    await run('apt-get', [...waiting, 'update'], { env })
    await add()
  })
}

/** Why tests that need the peer are skipped; where CI says that everything is to be proved, they run, and fail in `getPath`, unless it is optional. */
export function toSkip(
  found: FoundPeer,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | false {
  return 'missing' in found && (found.optional || env.CI !== 'true') ? found.missing : false
}

/** @throws with how to get it */
export function getPath(found: FoundPeer): string {
  if ('path' in found) return found.path
  throw new Error(`${found.missing}; without CI=true these tests are skipped`)
}

/** What a peer is told, given its port and a folder of its own. */
type ToConfiguration = (port: number, folder: string) => string

const CONFIGURATIONS: Readonly<Record<PeerName, (port: number, origin: number, folder: string) => string>> = {
  nginx: (port, origin, folder) => `
daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off; underscores_in_headers on; large_client_header_buffers 4 64k; client_max_body_size 0; merge_slashes off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream origin { server 127.0.0.1:${origin}; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffer_size 128k; proxy_buffers 4 128k; proxy_busy_buffers_size 256k; }
  }
}`,
  haproxy: (port, origin) => `
global
  tune.bufsize 131072
  tune.http.maxhdr 512
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin}
`,
}

export class RunningPeer {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port
    this.#child = child
    this.#folder = folder
  }

  /** Starts the peer as a proxy before the origin's port and waits until it accepts connections. */
  static start(name: PeerName, path: string, originPort: number): Promise<RunningPeer> {
    return RunningPeer.configured(name, path, (port, folder) => CONFIGURATIONS[name](port, originPort, folder))
  }

  static async configured(name: PeerName, path: string, toConfiguration: ToConfiguration): Promise<RunningPeer> {
    const folder = await mkdtemp(join(tmpdir(), `gatewright-${name}-`))
    const port = await findFreePort()
    const file = join(folder, 'configuration')
    await writeFile(file, toConfiguration(port, folder))
    const args = name === 'nginx' ? ['-c', file, '-p', folder] : ['-db', '-f', file]
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`)
      return (await accepts(port)) || undefined
    }, `${name} to accept connections`)
    return new RunningPeer(port, child, folder)
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await within(exited, 'the peer to end')
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Does somebody listen on this port? */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
