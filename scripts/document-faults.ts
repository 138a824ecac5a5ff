/** Owns what a document may promise: paths that exist, commands that can be run. */
import { posix } from 'node:path'

interface PathQuestion {
  /** The document's own path: relative links start at its folder. */
  readonly file: string
  readonly text: string
  readonly exists: (path: string) => boolean
}

const LINK = /\]\((?![a-z]+:|#)([^)\s#]+)(?:#[^)\s]*)?\)/g
const CODE_SPAN = /`([^`\n]+)`/g
/** Looks like a path of a repository, without wildcards and placeholders. */
const PATH = /^\.?[\w@-][\w.@-]*(?:\/[\w.@-]+)*\/?$/
const FENCE = /^```[^\n]*\n[\s\S]*?^```$/gm

/** Links, and code spans whose first folder exists, that lead nowhere. */
export function findPathFaults({ file, text, exists }: PathQuestion): string[] {
  const folder = posix.dirname(file)
  const prose = text.replaceAll(FENCE, '')
  const links = [...prose.matchAll(LINK)].flatMap(([, target = '']) => {
    const path = posix.normalize(posix.join(folder, target)).replace(/\/$/, '')
    return path === '.' || exists(path) ? [] : [`${file}: links to ${target}, which does not exist`]
  })
  const spans = [...prose.matchAll(CODE_SPAN)].flatMap(([, span = '']) => {
    if (!PATH.test(span) || !span.includes('/') || /^(?:node_modules|dist)\//.test(span)) return []
    const path = span.replace(/\/$/, '')
    const first = path.split('/')[0] ?? ''
    const homes = ['.', folder].filter((home) => exists(posix.join(home, first)))
    const isThere = homes.length === 0 || homes.some((home) => exists(posix.join(home, path)))
    return isThere ? [] : [`${file}: names \`${span}\`, which does not exist`]
  })
  return [...links, ...spans]
}

interface CommandQuestion {
  readonly file: string
  readonly text: string
  /** Scripts of the root package.json. */
  readonly scripts: ReadonlySet<string>
  /** What `gatewright` can do. */
  readonly commands: ReadonlySet<string>
}

/** Lines in `sh` fences, and code spans, that call a script or a command that is not there. */
export function findCommandFaults({ file, text, scripts, commands }: CommandQuestion): string[] {
  const fenced = [...text.matchAll(/^```(?:sh|console)\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body)
  const spans = [...text.replaceAll(FENCE, '').matchAll(CODE_SPAN)].map(([, span = '']) => span)
  const calls = [...fenced, ...spans].join('\n')
  const missingScripts = [...calls.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)]
    .map(([, script, short]) => script ?? short ?? '')
    .filter((script) => !scripts.has(script))
  const missingCommands = [...calls.matchAll(/(?:^|npx )gatewright ([a-z][\w-]*)/gm)]
    .map(([, command = '']) => command)
    .filter((command) => !commands.has(command))
  return [
    ...new Set(missingScripts.map((script) => `${file}: \`npm run ${script}\`: package.json has no such script`)),
    ...new Set(
      missingCommands.map(
        (command) => `${file}: \`gatewright ${command}\`: packages/cli/src/commands has no such command`,
      ),
    ),
  ]
}

interface CitationQuestion {
  readonly file: string
  readonly text: string
  /** Every file and folder of the repository. */
  readonly paths: ReadonlySet<string>
}

/** Documents that a source names, to whoever runs it or reads it, and that are not there. A decision may be named by its number. */
export function findCitationFaults({ file, text, paths }: CitationQuestion): string[] {
  const decisions = new Set([...paths].map((path) => /^docs\/adr\/\d{4}/.exec(path)?.[0]))
  return [...text.matchAll(/(?<![\w./-])docs\/[\w./-]*[\w/]/g)]
    .map(([path]) => path.replace(/\/$/, ''))
    .filter((path) => !paths.has(path) && !decisions.has(path))
    .map((path) => `${file}: names ${path}, which does not exist`)
}
