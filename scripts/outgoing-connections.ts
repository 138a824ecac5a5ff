/** Owns the search for ways out of a process: what a source file imports, or uses, to connect to somebody. */

/** Of modules of Node that connect, what does not. */
const HARMLESS = new Set([
  'createServer',
  'createSecureContext',
  'createSecureServer',
  'checkServerIdentity',
  'getCACertificates',
  'rootCertificates',
  'isIP',
  'isIPv4',
  'isIPv6',
  'BlockList',
  'Server',
  'SocketAddress',
  'STATUS_CODES',
  'constants',
  'setDefaultCACertificates',
])

const MODULES = '(?:node:)?(?:net|tls|http|https|http2|dgram|dns|dns/promises)'
const IMPORT = new RegExp(`import\\s+(type\\s)?([^;'"]*?)\\s+from\\s+['"](${MODULES})['"]`, 'g')
const TAKEN = new RegExp(`const \\{([^}]*)\\} = process\\.getBuiltinModule\\('(${MODULES})'\\)`, 'g')
const LATER = new RegExp(`(?:import|require|getBuiltinModule)\\(\\s*['"](${MODULES})['"]\\s*\\)`, 'g')
const OF_NODE = /(?<![.\w'`])(?:(fetch)\(|new (WebSocket|EventSource)\()/g
const PACKAGE = /from\s+['"](undici|axios|ws|got)['"]/g

/** `module name` for each, in the order of the alphabet. */
export function findWaysOut(source: string): string[] {
  const found = new Set<string>()
  for (const [, type, names = '', module] of source.matchAll(IMPORT)) {
    if (type !== undefined) continue
    for (const name of toNames(names)) if (!HARMLESS.has(name)) found.add(`${module} ${name}`)
  }
  for (const [, names = '', module] of source.matchAll(TAKEN)) {
    for (const name of toNames(`{${names.replaceAll(':', ' as ')}}`))
      if (!HARMLESS.has(name)) found.add(`${module} ${name}`)
  }
  for (const [, module] of source.replaceAll(TAKEN, '').matchAll(LATER)) found.add(`${module} import()`)
  for (const [, fetch, made] of source.matchAll(OF_NODE)) found.add(fetch ?? made ?? '')
  for (const [, name] of source.matchAll(PACKAGE)) found.add(name ?? '')
  return [...found].sort()
}

function toNames(clause: string): string[] {
  const named = /\{([^}]*)\}/.exec(clause)?.[1]
  if (named === undefined) return [clause.startsWith('*') ? '*' : 'default']
  return named
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && !each.startsWith('type '))
    .map((each) => each.split(/\s+as\s+/)[0] ?? each)
}
