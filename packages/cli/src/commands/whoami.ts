/** Owns `gatewright whoami`: who one is at a control plane, and what one may there. */
import { defineCommand } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'

export const whoami = defineCommand({
  name: 'whoami',
  description: 'Asks the control plane whose the token is, which roles they have in which teams, and what limits it.',
  options: { ...SERVER_OPTIONS, json: JSON_OPTION },
  example: { line: 'gatewright whoami --server prod', says: 'Your name there, and a line for each role.' },

  async run({ values }, terminal) {
    return await onServer(values, terminal, async ({ name, url, client }) => {
      const { body: me } = await client.ask('getMe', {})
      if (values.json) {
        const { csrfToken: _, ...rest } = me
        terminal.print(JSON.stringify({ server: name, url, ...rest }, null, 2))
        return EXIT_CODES.ok
      }
      const grants = me.grants.map(({ role, team, apis, environments }) => [
        `  ${role}`,
        team === '*' ? 'in every team' : `in the team ${team}`,
        ...(apis === undefined ? [] : [`for ${apis.join(', ')}`]),
        ...(environments === undefined ? [] : [`in ${environments.join(', ')}`]),
      ])
      terminal.print([`${me.fullName ?? me.name} (${me.actor}) at ${name}, ${url}`, toColumns(grants)].join('\n'))
      if (me.scopes !== undefined) terminal.print(`At most: ${me.scopes.join(', ')}`)
      return EXIT_CODES.ok
    })
  },
})
