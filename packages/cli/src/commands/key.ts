/** Owns `gatewright key`: new keys and users for apps, each shown once, and what of them goes into the file. */
import { hash } from 'node:crypto'
import { createIssuedKey, hashPassword, isWeakKey, judgeIssuedKey } from '@gatewright/policies'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { pickNamed } from '../pick-action.ts'
import type { Terminal } from '../terminal.ts'

const OPTIONS = {
  app: { type: 'text', value: 'ID', description: 'new: the app that the key is for.' },
  user: { type: 'text', value: 'NAME', description: 'password: the user that it is of. Default: NAME.' },
  json: JSON_OPTION,
} as const

type KeyValues = Values<typeof OPTIONS>

const ACTIONS: Readonly<Record<string, (values: KeyValues, terminal: Terminal) => Promise<number> | number>> = {
  new: makeKey,
  hash: hashKey,
  check: checkKey,
  password: makePasswordHash,
}

export const key = defineCommand({
  name: 'key',
  description:
    'new draws a key, shows it once, and prints the line with its hash. hash reads a key that exists, password a password, from stdin: so neither stands in the history of your shell. check tells whether what it reads is a key of Gatewright, and whole.',
  positionals: [{ name: 'ACTION', description: 'new, hash, check or password.' }],
  options: OPTIONS,
  example: {
    line: 'gatewright key new --app acme',
    says: 'Give the key to who runs acme, and write the line into your configuration. Nobody can read the key out of it.',
  },

  async run({ values, positionals: [action = ''] }, terminal) {
    const act = pickNamed(ACTIONS, action)
    const { app, user } = values as KeyValues
    if (app !== undefined && action !== 'new') refuseOption('app', 'new', action)
    if (user !== undefined && action !== 'password') refuseOption('user', 'password', action)
    return await act(values as KeyValues, terminal)
  },
})

function refuseOption(option: string, owner: string, action: string): never {
  throw new UsageError(`--${option} belongs to \`key ${owner}\`: \`key ${action}\` has no use for it`)
}

function makeKey({ app, json }: KeyValues, terminal: Terminal): number {
  if (app === undefined) throw new UsageError('whose key is it? --app ID')
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(app)) {
    throw new UsageError(
      `--app: "${app}" is no id: it begins with a letter or digit and holds only letters, digits, ".", "_" and "-"`,
    )
  }
  const made = createIssuedKey()
  if (json) terminal.print(JSON.stringify({ app, key: made, hash: toHash(made) }))
  else terminal.print(`${made}\n\napps:\n  - { id: ${app}, keys: [{ hash: "${toHash(made)}" }] }`)
  terminal.complain('The key is shown this once: the file holds its hash alone.')
  return EXIT_CODES.ok
}

async function hashKey({ json }: KeyValues, terminal: Terminal): Promise<number> {
  const given = await readSecret('key', terminal)
  const judgement = judgeIssuedKey(given)
  if (judgement === 'misspelt') {
    terminal.complain('This key is not whole, or a character of it is wrong: nobody has it.')
    return EXIT_CODES.faults
  }
  if (isWeakKey(given)) {
    terminal.complain(
      'This key is short or simple enough to be guessed from its SHA-256. Make another with `gatewright key new`, or keep it under a slow hash: `{ value: "${env:NAME}" }`.',
    )
    return EXIT_CODES.faults
  }
  terminal.print(json ? JSON.stringify({ hash: toHash(given) }) : `{ hash: "${toHash(given)}" }`)
  return EXIT_CODES.ok
}

const JUDGEMENTS = {
  issued: 'It is a key of Gatewright, and whole.',
  misspelt: 'It looks like a key of Gatewright, and a character of it is missing or wrong.',
  foreign: 'It is no key of Gatewright.',
} as const

async function checkKey({ json }: KeyValues, terminal: Terminal): Promise<number> {
  const judgement = judgeIssuedKey(await readSecret('key', terminal))
  terminal.print(json ? JSON.stringify({ is: judgement }) : JUDGEMENTS[judgement])
  return judgement === 'issued' ? EXIT_CODES.ok : EXIT_CODES.faults
}

/** NIST SP 800-63B §5.1.1.2: at least eight characters. */
const LEAST_CHARACTERS = 8

async function makePasswordHash({ user = 'NAME', json }: KeyValues, terminal: Terminal): Promise<number> {
  const password = await readSecret('password', terminal)
  // RFC 7617 §2: a request cannot bring these.
  if (/[\x00-\x1f\x7f-\x9f]/.test(password)) throw new UsageError('a password holds no control characters')
  if (Buffer.byteLength(password) > MOST_BYTES) throw new UsageError(`a password has at most ${MOST_BYTES} bytes`)
  if ([...password].length < LEAST_CHARACTERS) {
    terminal.complain(
      `A password has at least ${LEAST_CHARACTERS} characters; whatever it is hashed with, this one is guessed.`,
    )
    return EXIT_CODES.faults
  }
  const passwordHash = await hashPassword(password)
  // JSON's texts are YAML's.
  terminal.print(
    json
      ? JSON.stringify({ name: user, passwordHash })
      : `{ name: ${JSON.stringify(user)}, passwordHash: "${passwordHash}" }`,
  )
  return EXIT_CODES.ok
}

/** What `basic-auth` reads. */
const MOST_BYTES = 1024

async function readSecret(what: string, terminal: Terminal): Promise<string> {
  const text = await terminal.readInput(`Type the ${what}, then Enter and Ctrl-D:`)
  // What `echo` and editors put behind it is no part of it.
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '')
    throw new UsageError(`nothing came from stdin: printf %s "$${what.toUpperCase()}" | gatewright key …`)
  return secret
}

function toHash(text: string): string {
  return `sha256:${hash('sha256', text)}`
}
