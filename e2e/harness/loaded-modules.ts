/** Owns how a gateway tells which modules it loads, and on which thread. */

/** Preloaded into main and every worker: tells each module that is resolved, and on which thread. */
export const TELL_MODULES = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
import { threadId } from 'node:worker_threads'
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (/^(?:file|node):/.test(found.url)) process.stderr.write('loaded ' + threadId + ' ' + found.url + '\\n')
    return found
  },
})`)}`

export interface LoadedModule {
  /** Node's; 0: main. */
  readonly thread: number
  readonly url: string
}

/** From what it wrote to stderr. */
export function parseLoaded(stderr: string): readonly LoadedModule[] {
  return [...stderr.matchAll(/^loaded (\d+) (\S+)$/gm)].map(([, thread, url]) => ({
    thread: Number(thread),
    url: url ?? '',
  }))
}
