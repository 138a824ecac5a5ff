/** Owns one budget: what `start` loads that others wrote, before a policy needs more. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

const QUICKSTART = new URL('../packages/cli/examples/quickstart/gatewright.yaml', import.meta.url)

/** Preloaded into main and every worker: tells each package a module of which is resolved. */
const TELL_PACKAGES = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(found.url)?.[1]
    if (name !== undefined) process.stderr.write('loaded ' + name + '\\n')
    return found
  },
})`)}`

describe('start with the quickstart', () => {
  let gateway: RunningGateway | undefined
  after(() => gateway?.stop())

  it('loads at most five packages of others, and only those it needs', async () => {
    const yaml = await readFile(fileURLToPath(QUICKSTART), 'utf8')
    gateway = await startGateway({ yaml, threads: 2, env: { NODE_OPTIONS: `--import=${TELL_PACKAGES}` } })
    const loaded = new Set([...gateway.stderr.matchAll(/^loaded (\S+)$/gm)].map(([, name]) => name ?? ''))
    const others = [...loaded].filter((name) => !name.startsWith('@gatewright/')).sort()
    assert.deepEqual(others, ['yaml', 'zod'])
  })
})
