/** Proves what a stranger installs: the tarballs, in an empty folder, run as built JavaScript. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { packPackages } from '../scripts/pack.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'packages/cli/bin/gatewright.js')

describe('the published packages', () => {
  let folder: string
  let gateway: ChildProcess | undefined

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-packages-'))
    const tarballs = await packPackages({ destination: join(folder, 'tarballs') })
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error']
    await run('npm', ['install', ...flags, ...tarballs], { cwd: folder })
  })

  after(async () => {
    if (gateway !== undefined && gateway.exitCode === null && gateway.signalCode === null) {
      gateway.kill('SIGKILL')
      await once(gateway, 'exit')
    }
    await rm(folder, { recursive: true, force: true })
  })

  it('hold JavaScript and no TypeScript source', async () => {
    const { stdout } = await run(
      'find',
      ['-L', 'node_modules/gatewright', 'node_modules/@gatewright', '-name', '*.ts'],
      {
        cwd: folder,
      },
    )
    const sources = stdout
      .split('\n')
      .filter((file) => file !== '' && !file.endsWith('.d.ts') && !/\/examples\//.test(file))
    assert.deepEqual(sources, [])
  })

  it('serve the quickstart: three printed curl commands work, the first without a key', async () => {
    const [port, adminPort] = [await findFreePort(), await findFreePort()]
    gateway = spawn(
      join(folder, 'node_modules/.bin/gatewright'),
      ['start', '--example', 'quickstart', '--port', `${port}`, '--admin-port', `${adminPort}`],
      {
        cwd: folder,
        env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const commands = await readCurlCommands(gateway, 3)
    const statuses = await Promise.all(commands.map(runCurl))
    assert.equal(statuses[0], 200, `${commands[0]} answered ${statuses[0]}`)
    for (const [i, status] of statuses.entries())
      assert.ok(status >= 200 && status < 500, `${commands[i]} answered ${status}`)

    gateway.kill('SIGTERM')
    const [code] = await once(gateway, 'exit')
    assert.equal(code, 0, 'SIGTERM ends it in peace')
  })

  it('install beside an example as its README says, and its own tests pass', async () => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }
    await run('node', [bin, 'init', '--example', 'own-policy', 'own'], { cwd: folder, env })
    const own = join(folder, 'own')
    const readme = await readFile(join(own, 'README.md'), 'utf8')
    assert.ok(readme.includes('npm install ./packages/*.tgz\nnpm test\n'))
    await cp(join(folder, 'tarballs'), join(own, 'packages'), { recursive: true })
    const install = 'npm install --no-audit --no-fund --prefer-offline --loglevel=error ./packages/*.tgz'
    await run('sh', ['-c', install], { cwd: own, env })
    const { stdout } = await run('npm', ['test'], { cwd: own, env })
    assert.match(stdout, /^3 passed, 0 failed/m)
  })

  it('carry declarations that a strict compiler accepts', async () => {
    await writeFile(
      join(folder, 'stamp.ts'),
      `import { definePolicy } from '@gatewright/policies'
import { PROBLEMS } from '@gatewright/model'
export const status: 404 = PROBLEMS['route-not-found'].status
export type Define = typeof definePolicy
`,
    )
    const settings = '--noEmit --strict --module nodenext --target esnext --skipLibCheck --typeRoots'.split(' ')
    const types = join(root, 'node_modules/@types')
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const args = [compiler, ...settings, types, '--types', 'node', 'stamp.ts']
    const { stdout } = await run(process.execPath, args, { cwd: folder }).catch((fault) => fault)
    assert.equal(stdout, '')
  })
})

describe('a Node that is too old', () => {
  it('gets one clear line and exit code 1, by the version it reports', async () => {
    const preload = `data:text/javascript,${encodeURIComponent(
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } })",
    )}`
    assertRefusal(await runToEnd(process.execPath, ['--import', preload, bin, 'start']), '20.11.0')
  })

  it('gets the same from a real old Node', async (test) => {
    const old = await findOldNode()
    if (old === undefined) return test.skip('no Node older than 24 on this machine')
    assertRefusal(await runToEnd(old.path, [bin, 'start']), old.version)
  })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function assertRefusal({ code, stdout, stderr }: Ended, version: string): void {
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^gatewright needs Node 24 or newer, and this is Node [^\n]+\n$/)
  assert.ok(stderr.includes(version), stderr)
}

async function runToEnd(command: string, args: readonly string[]): Promise<Ended> {
  try {
    return { code: 0, ...(await run(command, args)) }
  } catch (fault) {
    return fault as Ended
  }
}

/** A Node on PATH, or where systems put theirs, that is too old for Gatewright. */
async function findOldNode(): Promise<{ path: string; version: string } | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  for (const path of new Set(folders.map((folder) => join(folder, 'node')).filter(existsSync))) {
    const { stdout } = await runToEnd(path, ['-p', 'process.versions.node'])
    const version = stdout.trim()
    if (Number.parseInt(version, 10) < 24) return { path, version }
  }
  return undefined
}

/** Reads what the gateway prints until it has shown that many commands. Rejects with its words when it ends before. */
async function readCurlCommands(gateway: ChildProcess, count: number): Promise<string[]> {
  const commands: string[] = []
  const said: string[] = []
  gateway.stderr!.on('data', (chunk) => said.push(String(chunk)))
  const lines = createInterface({ input: gateway.stderr! })
  for await (const line of lines) {
    said.push(`${line}\n`)
    const command = /\bcurl\s.*$/.exec(line)?.[0]
    if (command !== undefined) commands.push(command)
    if (commands.length === count) break
  }
  // The loop closed the reader; the pipe must flow on, or the gateway's access log would fill it.
  gateway.stdout!.resume()
  assert.equal(commands.length, count, `it said:\n${said.join('')}`)
  return commands
}

/** Runs a command as a reader would paste it, and returns the status that came. */
async function runCurl(command: string): Promise<number> {
  const { stdout } = await run('sh', [
    '-c',
    `${command} --silent --show-error --max-time 10 --output /dev/null --write-out '%{http_code}'`,
  ])
  return Number(stdout)
}
