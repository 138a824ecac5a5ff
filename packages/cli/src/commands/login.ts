/** Owns `gatewright login`: keeping a token for a control plane, once it is known to be good. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineCommand, UsageError } from '../command.ts'
import { toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { askPerson, PERSON_OPTIONS, type PersonValues } from '../servers/ask-person.ts'
import { findSetUpLink, makeFirstAccount, type SetUpLink } from '../servers/first-account.ts'
import { explainFailure } from '../servers/on-server.ts'
import { createClient, SERVER_OPTIONS, toFetch, toServerUrl } from '../servers/open-server.ts'
import { readSavedServers, writeSavedServers } from '../servers/saved-servers.ts'
import { toNoControlPlaneLines } from '../servers/wrong-port.ts'
import type { Terminal } from '../terminal.ts'

export const login = defineCommand({
  name: 'login',
  description:
    'Reads a token from stdin, asks the control plane whose it is, and keeps both in credentials.json in the folder gatewright of $XDG_CONFIG_HOME (or ~/.config), which only you may read. Make the token on the page of your account, at the address of the control plane. With the link that the first start of a control plane prints, it makes the first account instead, of which it asks e-mail address, name and password, and a token for it. Programs need no login: they say GATEWRIGHT_SERVER and GATEWRIGHT_TOKEN.',
  positionals: [
    {
      name: 'URL',
      description: 'Of the control plane: https://control.example.com. Or the link for the first account.',
    },
  ],
  options: {
    name: { type: 'text', value: 'NAME', description: 'What to call it in --server. Default: its host.' },
    'token-file': { type: 'text', value: 'FILE', description: 'Where the token stands, instead of stdin.' },
    ca: SERVER_OPTIONS.ca,
    ...PERSON_OPTIONS,
  },
  example: {
    line: 'gatewright login https://control.example.com --name prod',
    says: 'Asks for a token. From then on commands speak to this control plane; several are told apart by --server.',
  },

  async run({ values, positionals: [given = ''] }, terminal) {
    const link = findSetUpLink(given)
    assertUsed(link, values)
    const url = link?.url ?? toServerUrl(given)
    const name = values.name ?? new URL(url).host
    const ca = values.ca === undefined ? {} : { ca: resolve(terminal.cwd, values.ca) }
    if (isOpenToAll(url)) terminal.complain(`${url} has no TLS: whoever stands between can read the token.`)
    const saved = readSavedServers(terminal)
    const getToken = await prepareToken(link, { ...values, ...ca }, terminal)
    try {
      const token = await getToken()
      const { body: me } = await createClient({ url, token, ...ca }, terminal).ask('getMe', {})
      if (typeof me?.actor !== 'string') return tell(toNoControlPlaneLines(url), terminal)
      const path = writeSavedServers(terminal, {
        current: name,
        servers: { ...saved.servers, [name]: { url, token, ...ca } },
      })
      terminal.print(`Logged in to ${name} as ${me.fullName ?? me.name}. The token is kept in ${path}.`)
      return EXIT_CODES.ok
    } catch (error) {
      const lines = explainFailure(error, url)
      if (lines === undefined) throw error
      return tell(lines, terminal)
    }
  },
})

function tell(lines: readonly string[], terminal: Terminal): number {
  for (const line of lines) terminal.complain(line)
  return EXIT_CODES.faults
}

interface TokenValues extends PersonValues {
  readonly 'token-file': string | undefined
  readonly ca?: string | undefined
}

/** What people have to say is asked for before the control plane is. @throws UsageError */
async function prepareToken(
  link: SetUpLink | undefined,
  values: TokenValues,
  terminal: Terminal,
): Promise<() => Promise<string>> {
  const ask = toFetch(values.ca, terminal)
  if (link === undefined) {
    const token = await readToken(values['token-file'], terminal)
    return async () => token
  }
  const person = await askPerson(values, terminal)
  return () => makeFirstAccount(link, person, ask)
}

/** @throws UsageError where an option is of the other way to log in */
function assertUsed(link: SetUpLink | undefined, values: TokenValues): void {
  const others = link === undefined ? Object.keys(PERSON_OPTIONS) : ['token-file']
  const unused = others.find((name) => values[name as keyof TokenValues] !== undefined)
  if (unused === undefined) return
  throw new UsageError(
    link === undefined
      ? `--${unused} is for the first account: name the link that the start of the control plane has printed`
      : `--${unused} has no use here: the link makes an account, and a token for it`,
  )
}

async function readToken(file: string | undefined, terminal: Terminal): Promise<string> {
  const text =
    file === undefined
      ? await terminal.readInput('Paste the token, then Enter and Ctrl-D:')
      : readTokenFile(toPath(file, terminal))
  const token = text.trim()
  // RFC 6750 §2.1: a token is one word.
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token
  throw new UsageError(token === '' ? 'no token came: printf %s "$TOKEN" | gatewright login …' : 'this is no token')
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--token-file ${path} cannot be read: ${(error as Error).message}`)
  }
}

function isOpenToAll(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && hostname !== 'localhost' && hostname !== '[::1]' && !hostname.startsWith('127.')
}
