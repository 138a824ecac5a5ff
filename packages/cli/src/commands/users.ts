/** Owns `gatewright users`: people of a control plane, invited, shut out, let in again and given a new link. */
import type { Operations } from '@gatewright/client'
import { defineCommand, UsageError, type Values } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { pickAction } from '../pick-action.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS, type Server } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'
import { toColumns } from '../to-columns.ts'

const OPTIONS = {
  ...SERVER_OPTIONS,
  role: { type: 'text', value: 'ID', description: 'invite: what the person may, such as publisher or viewer.' },
  team: { type: 'text', value: 'ID', description: "invite: in which team; '*' is every team." },
  name: { type: 'text', value: 'NAME', description: 'invite: what the person is called. Default: the address.' },
  'second-factors': {
    type: 'switch',
    description: 'reset: take passkeys, the app for codes and codes on paper away too.',
  },
  json: JSON_OPTION,
} as const

type UsersValues = Values<typeof OPTIONS>

/** What an action is about. */
interface About {
  readonly client: Server['client']
  readonly email: string
  readonly values: UsersValues
  readonly terminal: Terminal
}

interface Action {
  readonly options: readonly (keyof UsersValues)[]
  /** Where it returns false, there is nobody of that address. */
  run(about: About): Promise<boolean>
}

const ACTIONS: Readonly<Record<string, Action>> = {
  list: { options: [], run: list },
  invite: { options: ['role', 'team', 'name'], run: invite },
  suspend: { options: [], run: (about) => step(about, 'suspendUser') },
  resume: { options: [], run: (about) => step(about, 'resumeUser') },
  reset: { options: ['second-factors'], run: reset },
}

export const users = defineCommand({
  name: 'users',
  description:
    'invite makes an account and prints a link, alone, on stdout: give it to the person, who sets the password with it. reset takes the password away and prints such a link again. suspend shuts a person out at once, resume lets them in again. It needs `user:edit` for every team.',
  positionals: [
    { name: 'ACTION', description: 'list, invite, suspend, resume or reset.' },
    { name: 'EMAIL', description: 'All but list: of the person.', optional: true },
  ],
  options: OPTIONS,
  example: {
    line: 'gatewright users invite ada@example.com --role publisher --team main',
    says: 'The link is good once, and for three days.',
  },

  async run({ values: given, positionals: [name = '', email] }, terminal) {
    const values = given as UsersValues
    const action = pickAction(ACTIONS, { command: 'users', name, values })
    if (name === 'list' && email !== undefined) throw new UsageError(`\`users list\` has no use for "${email}"`)
    if (name !== 'list' && email === undefined) throw new UsageError(`who? users ${name} EMAIL`)
    if (name === 'invite' && (values.role === undefined || values.team === undefined))
      throw new UsageError("what may the person do, and where? --role ID --team ID ('*' is every team)")
    return await onServer(values, terminal, async ({ client }) => {
      if (await action.run({ client, email: email ?? '', values, terminal })) return EXIT_CODES.ok
      terminal.complain(`Nobody has the address "${email}" there: \`gatewright users list\` shows all.`)
      return EXIT_CODES.faults
    })
  },
})

type User = Operations['listUsers']['answer']['items'][number]

function listUsers(client: Server['client'], search?: string): Promise<readonly User[]> {
  return listAll((page) => client.ask('listUsers', { query: { ...page, ...(search !== undefined && { search }) } }))
}

async function list({ client, values, terminal }: About): Promise<boolean> {
  const all = await listUsers(client)
  terminal.print(values.json ? JSON.stringify(all, null, 2) : toColumns(all.map(toCells)))
  return true
}

function toCells({ email, name, state, grants }: User): readonly string[] {
  const may = grants.map(({ role, team }) => `${role} in ${team === '*' ? 'every team' : team}`)
  return [email, name, state, may.join(', ')]
}

async function invite({ client, email, values, terminal }: About): Promise<boolean> {
  const { role = '', team = '', name = email } = values
  const { body } = await client.ask('inviteUser', { body: { email, name, grants: [{ role, team }] } })
  tellLink(body, values, terminal)
  return true
}

async function step(
  { client, email, values, terminal }: About,
  operation: 'suspendUser' | 'resumeUser',
): Promise<boolean> {
  const user = await findUid(client, email)
  if (user === undefined) return false
  const { body } = await client.ask(operation, { params: { user } })
  terminal.print(values.json ? JSON.stringify(body, null, 2) : `${body.email} is ${body.state}.`)
  return true
}

async function reset({ client, email, values, terminal }: About): Promise<boolean> {
  const user = await findUid(client, email)
  if (user === undefined) return false
  const said = { secondFactors: values['second-factors'] }
  const { body } = await client.ask('resetUser', { params: { user }, body: said })
  tellLink(body, values, terminal)
  return true
}

/** Addresses are the same in whatever case. */
async function findUid(client: Server['client'], email: string): Promise<string | undefined> {
  const wanted = email.toLowerCase()
  return (await listUsers(client, email)).find((user) => user.email.toLowerCase() === wanted)?.uid
}

/** Alone on stdout: so that a script need not look for it. */
function tellLink(answer: Operations['inviteUser']['answer'], { json }: UsersValues, terminal: Terminal): void {
  const { user, link } = answer
  terminal.print(json ? JSON.stringify(answer, null, 2) : link.url)
  terminal.complain(`Give the link to ${user.email}: it is shown this once, and is good once, until ${link.expiresAt}.`)
}
