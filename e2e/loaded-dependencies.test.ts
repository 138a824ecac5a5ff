/** Owns two budgets: what `start` loads that others wrote, before a policy needs more; and what each data thread holds of the model. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

const QUICKSTART = new URL('../packages/cli/examples/quickstart/gatewright.yaml', import.meta.url)

/** Preloaded into main and every worker: tells each module that is resolved, and on which thread. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
import { threadId } from 'node:worker_threads'
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (found.url.startsWith('file:')) process.stderr.write('loaded ' + threadId + ' ' + found.url + '\\n')
    return found
  },
})`)}`

describe('start with the quickstart', () => {
  let gateway: RunningGateway | undefined
  let loaded: readonly { readonly thread: number; readonly url: string }[] = []
  before(async () => {
    const yaml = await readFile(fileURLToPath(QUICKSTART), 'utf8')
    gateway = await startGateway({ yaml, threads: 2, env: { NODE_OPTIONS: `--import=${TELL_MODULES}` } })
    loaded = [...gateway.stderr.matchAll(/^loaded (\d+) (\S+)$/gm)].map(([, thread, url]) => ({
      thread: Number(thread),
      url: url ?? '',
    }))
  })
  after(() => gateway?.stop())

  it('loads at most five packages of others, and only those it needs', () => {
    const names = loaded.map(({ url }) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1])
    const others = new Set(names.filter((name) => name !== undefined && !name.startsWith('@gatewright/')))
    assert.deepEqual([...others].sort(), ['yaml', 'zod'])
  })

  it('loads of the model on data threads only the words of what runs', () => {
    const files = loaded
      .filter(({ thread }) => thread > 0)
      .map(({ url }) => /\/packages\/model\/(?:src|dist)\/(.*)\.[jt]s$/.exec(url)?.[1])
    assert.deepEqual([...new Set(files.filter((file) => file !== undefined))].sort(), [
      'hash',
      'problems',
      'runtime/index',
      'validate/catalogue',
    ])
  })
})
