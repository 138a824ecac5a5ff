/** Owns two budgets: what `start` loads that others wrote, before a policy needs more; and what each data thread holds of the model. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { type LoadedModule, parseLoaded, TELL_MODULES } from './harness/loaded-modules.ts'

const QUICKSTART = new URL('../packages/cli/examples/quickstart/gatewright.yaml', import.meta.url)

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/gatewright.js', import.meta.url))

/** By the file of the quickstart. */
const USED = ['cors', 'key-auth', 'rate-limit', 'respond', 'security-headers']

describe('start with the quickstart', () => {
  let gateway: RunningGateway | undefined
  let loaded: readonly LoadedModule[] = []
  before(async () => {
    const yaml = await readFile(fileURLToPath(QUICKSTART), 'utf8')
    gateway = await startGateway({ yaml, threads: 2, env: { NODE_OPTIONS: `--import=${TELL_MODULES}` } })
    loaded = parseLoaded(gateway.stderr)
  })
  after(() => gateway?.stop())

  it('loads at most five packages of others, and only those it needs', () => {
    const names = loaded.map(({ url }) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1])
    const others = new Set(names.filter((name) => name !== undefined && !name.startsWith('@gatewright/')))
    assert.deepEqual([...others].sort(), ['yaml', 'zod'])
  })

  it('loads nothing of undici, which an import of node:http does', () => {
    assert.deepEqual(
      loaded.filter(({ url }) => url === 'node:http'),
      [],
    )
  })

  it('loads the policies that are used, and no others', () => {
    const folders = loaded.map(({ url }) => /\/packages\/policies\/(?:src|dist)\/([^/]+)\/\1\.[jt]s$/.exec(url)?.[1])
    const used = new Set(folders.filter((folder) => folder !== undefined))
    assert.deepEqual([...used].sort(), USED)
  })

  it('loads of the model on data threads only the words of what runs', () => {
    const files = loaded
      .filter(({ thread }) => thread > 0)
      .map(({ url }) => /\/packages\/model\/(?:src|dist)\/(.*)\.[jt]s$/.exec(url)?.[1])
    assert.deepEqual([...new Set(files.filter((file) => file !== undefined))].sort(), [
      'hash',
      'host-key',
      'plan-variant',
      'problems',
      'runtime/index',
      'secret',
      'validate/catalogue',
    ])
  })
})

describe('the help', () => {
  it('loads no command, and nothing of others', async () => {
    const env = { ...process.env, NODE_OPTIONS: `--import=${TELL_MODULES}` }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [COMMAND, '--help'], { env })
    assert.match(stdout, /^ {2}publish +[A-Z]/m)
    const files = parseLoaded(stderr).map(({ url }) => url)
    assert.ok(files.some((url) => url.endsWith('/help.ts')))
    assert.deepEqual(
      files.filter((url) => url.includes('/commands/') || /node_modules\/(?!@gatewright)/.test(url)),
      [],
    )
  })
})
