/** Owns which control plane a command speaks to: the one that is named, that the environment names, or that one has logged in to. */
import { readFileSync } from 'node:fs'
import { Client } from '@gatewright/client'
import { UsageError } from '../command.ts'
import { toPath } from '../configuration.ts'
import type { Terminal } from '../terminal.ts'
import { createFetch } from './create-fetch.ts'
import { readSavedServers, type SavedServer, type SavedServers } from './saved-servers.ts'

export const SERVER_OPTIONS = {
  server: {
    type: 'text',
    value: 'NAME|URL',
    description: 'Which control plane. Default: GATEWRIGHT_SERVER, else the one that you logged in to last.',
  },
  ca: { type: 'text', value: 'FILE', description: 'CAs (PEM) that vouch for it, instead of those of the platform.' },
} as const

export interface ServerValues {
  readonly server: string | undefined
  readonly ca: string | undefined
}

export interface Server {
  readonly name: string
  readonly url: string
  readonly client: Client
}

/** @throws UsageError where nobody has said which, or what to show it */
export function openServer({ server, ca }: ServerValues, terminal: Terminal): Server {
  const saved = readSavedServers(terminal)
  const { name, ...found } = findServer(server, saved, terminal)
  return { name, url: found.url, client: createClient({ ...found, ...(ca !== undefined && { ca }) }, terminal) }
}

/** @throws UsageError */
export function createClient({ url, token, ca }: SavedServer, terminal: Terminal): Client {
  return new Client({ url, token, fetch: toFetch(ca, terminal) })
}

/** `ca`: path of a PEM file, where it is not the platform that vouches. @throws UsageError */
export function toFetch(ca: string | undefined, terminal: Terminal): typeof fetch {
  return ca === undefined ? fetch : createFetch(readCa(ca, terminal))
}

function readCa(path: string, terminal: Terminal): string {
  try {
    return readFileSync(toPath(path, terminal), 'utf8')
  } catch (error) {
    throw new UsageError(`--ca ${path} cannot be read: ${(error as Error).message}`)
  }
}

type Found = SavedServer & { readonly name: string }

function findServer(given: string | undefined, saved: SavedServers, { env }: Terminal): Found {
  const named = given ?? (env.GATEWRIGHT_SERVER || undefined) ?? saved.current
  if (named === undefined) throw new UsageError('which control plane? Log in with `gatewright login URL`')
  if (!isUrl(named)) {
    const found = saved.servers[named]
    if (found !== undefined) return { ...found, name: named }
    const names = Object.keys(saved.servers)
    throw new UsageError(
      `--server: nobody has logged in to "${named}" here: ${names.length === 0 ? '`gatewright login URL`' : `there are ${names.join(', ')}`}`,
    )
  }
  const url = toServerUrl(named)
  const token = findEnvironmentToken(url, env)
  if (token !== undefined) return { name: url, url, token }
  const known = Object.entries(saved.servers).find(([, each]) => each.url === url)
  if (known !== undefined) return { ...known[1], name: known[0] }
  throw new UsageError(`what is to be shown to ${url}? \`gatewright login ${url}\`, or a token in GATEWRIGHT_TOKEN`)
}

/** The token is for the server beside it: another one never sees it. */
function findEnvironmentToken(url: string, env: Terminal['env']): string | undefined {
  const { GATEWRIGHT_TOKEN: token, GATEWRIGHT_SERVER: server } = env
  if (token === undefined || token === '') return undefined
  const isForIt = server === undefined || server === '' || (isUrl(server) && toServerUrl(server) === url)
  return isForIt ? token.trim() : undefined
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text)
}

/** Of `localhost:9081`, which begins as URLs do, and of `control.example.com`. */
function suggestUrl(text: string): string {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::|\/|$)/i.test(text)
  const url = URL.parse(`${isHere ? 'http' : 'https'}://${text}`)
  return /^[\w.[\]:-]+\/?$/.test(text) && /[.:]|^localhost$/.test(text) && url !== null
    ? url.origin
    : 'https://control.example.com'
}

/** @throws UsageError */
export function toServerUrl(text: string): string {
  if (!isUrl(text) || !URL.canParse(text)) {
    throw new UsageError(`"${text}" is not the address of a control plane: write it as ${suggestUrl(text)}`)
  }
  const { origin, pathname, search } = new URL(text)
  if ((pathname === '/' || /^\/api(?:\/v1)?\/?$/.test(pathname)) && search === '') return origin
  throw new UsageError(`a control plane stands at the root of its address: did you mean ${origin}?`)
}
