/** Owns asking who makes an account: by options, by what is typed, or by stdin for the password of a script. */
import { readFileSync } from 'node:fs'
import { UsageError } from '../command.ts'
import { toPath } from '../configuration.ts'
import type { Terminal } from '../terminal.ts'
import type { FirstPerson } from './first-account.ts'

export const PERSON_OPTIONS = {
  email: { type: 'text', value: 'ADDRESS', description: 'Of the first account. Default: it is asked for.' },
  'full-name': { type: 'text', value: 'NAME', description: 'Of the first account. Default: it is asked for.' },
  'password-file': {
    type: 'text',
    value: 'FILE',
    description: 'Where its password stands. Default: it is asked for, or comes from stdin.',
  },
} as const

export interface PersonValues {
  readonly email: string | undefined
  readonly 'full-name': string | undefined
  readonly 'password-file': string | undefined
}

/** @throws UsageError */
export async function askPerson(values: PersonValues, terminal: Terminal): Promise<FirstPerson> {
  const email = values.email ?? (await askFor('E-mail address: ', '--email', terminal))
  const name = values['full-name'] ?? (await askFor('Name: ', '--full-name', terminal))
  return { email, name, password: await readPassword(values['password-file'], terminal) }
}

async function askFor(question: string, option: string, terminal: Terminal): Promise<string> {
  const answer = (await terminal.askLine(question))?.trim()
  if (answer === undefined || answer === '') throw new UsageError(`${option} is missing, and nobody has typed it`)
  return answer
}

async function readPassword(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file !== undefined) return toPassword(readPasswordFile(toPath(file, terminal)))
  const typed = await terminal.askLine('Password, of 12 letters or more (it is not shown): ', { isHidden: true })
  if (typed === undefined) return toPassword(await terminal.readInput(''))
  const again = await terminal.askLine('Once more: ', { isHidden: true })
  if (again !== typed) throw new UsageError('the two passwords are not the same: begin again')
  return toPassword(typed)
}

/** What `echo` and editors put behind it is no part of it. */
function toPassword(text: string): string {
  const password = text.replace(/\r?\n$/, '')
  if (password !== '') return password
  throw new UsageError('no password came: type it, or printf %s "$PASSWORD" | gatewright login …')
}

function readPasswordFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--password-file ${path} cannot be read: ${(error as Error).message}`)
  }
}
