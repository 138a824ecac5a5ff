/**
 * Owns what an extension is made of: its published source, whatever stands on disk by now, and what it may import wherever it
 * lies: Gatewright's own packages and its schema library, from this installation.
 */
import { registerHooks } from 'node:module'

/** The same copies that run here, so that an extension needs no packages of its own. */
const OFFERED = /^(?:@gatewright\/[^/]+|zod)(?:\/|$)/

/** Extensions, and the files that they import; without what stands behind `?`. */
const extensionModules = new Set<string>()
/** By the URL that is imported, query included. */
const publishedSources = new Map<string, string>()
let isHooked = false

/** To be called before a file of an extension is imported; only where there are such files is anything hooked. */
export function prepareImport(url: string, source: string | undefined): void {
  extensionModules.add(withoutQuery(url))
  if (source !== undefined) publishedSources.set(url, source)
  if (isHooked) return
  isHooked = true
  registerHooks({
    load(url, context, nextLoad) {
      const source = publishedSources.get(url)
      if (source === undefined) return nextLoad(url, context)
      return { format: isTypeScript(url) ? 'module-typescript' : 'module', source, shortCircuit: true }
    },
    resolve(specifier, context, nextResolve) {
      const parent = context.parentURL
      if (parent === undefined || !extensionModules.has(withoutQuery(parent))) return nextResolve(specifier, context)
      const resolved = OFFERED.test(specifier) ? resolveOffered(specifier) : nextResolve(specifier, context)
      // Packages bring their own packages; the files of an extension are the extension.
      if (isOwnFile(specifier)) extensionModules.add(withoutQuery(resolved.url))
      return resolved

      function resolveOffered(name: string): ReturnType<typeof nextResolve> {
        try {
          // What an extension has installed itself is what it means.
          return nextResolve(name, context)
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
          const here = { ...context, parentURL: import.meta.url }
          if (name.startsWith('@gatewright/')) return nextResolve(name, here)
          // The schema library is a dependency of the policies, not of the gateway.
          return nextResolve(name, { ...context, parentURL: nextResolve('@gatewright/policies', here).url })
        }
      }
    },
  })
}

function isTypeScript(url: string): boolean {
  return /\.m?ts$/.test(withoutQuery(url))
}

function isOwnFile(specifier: string): boolean {
  return /^(?:\.{0,2}\/|file:)/.test(specifier)
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
