/** Owns `gatewright logout`: forgetting the token of a control plane. */
import { defineCommand, UsageError } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { readSavedServers, writeSavedServers } from '../servers/saved-servers.ts'

export const logout = defineCommand({
  name: 'logout',
  description:
    'Removes it from this machine. The token itself stays good until it is ended by DELETE /api/v1/me/tokens/{uid}.',
  positionals: [{ name: 'NAME', description: 'As login called it. Default: the last one.', optional: true }],
  options: {},
  example: { line: 'gatewright logout prod', says: 'Nothing here speaks to prod any more, until the next login.' },

  async run({ positionals: [given] }, terminal) {
    const { current, servers } = readSavedServers(terminal)
    const name = given ?? current
    if (name === undefined || servers[name] === undefined) {
      throw new UsageError(name === undefined ? 'nobody is logged in here' : `nobody has logged in to "${name}" here`)
    }
    const { [name]: _, ...rest } = servers
    writeSavedServers(terminal, { ...(current !== name && current !== undefined && { current }), servers: rest })
    terminal.print(`The token for ${name} is forgotten here. It is good until it is ended there.`)
    return EXIT_CODES.ok
  },
})
