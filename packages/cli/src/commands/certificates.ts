/** Owns `gatewright certificates`: which ones a control plane keeps, and when each ends. */
import type { Operations } from '@gatewright/client'
import { defineCommand } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { listAll } from '../servers/list-all.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'
import { toColumns } from '../to-columns.ts'
import { toMoment } from '../to-moment.ts'

export const certificates = defineCommand({
  name: 'certificates',
  description:
    'A line for each: its environment, the names that it is for, and its end. What gateways order and renew themselves stands last. What has to be renewed is told on stderr. Certificates are files of the folder that apply reads: certificates/shop.yaml.',
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    'expires-before': {
      type: 'text',
      value: 'TIME',
      description: 'Only those that end before: 2027-01-31, or a time as well.',
    },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright certificates --expires-before 2027-01-31',
    says: 'What has to be renewed until the end of January.',
  },

  async run({ values }, terminal) {
    const { 'expires-before': before, json } = values
    const query = {
      sort: 'notAfter',
      ...(before !== undefined && { expiresBefore: toMoment('--expires-before', before) }),
    } as const
    return await onServer(values, terminal, async ({ client }) => {
      const all = await listAll((page) => client.ask('listCertificates', { query: { ...page, ...query } }))
      if (json) terminal.print(JSON.stringify(all, null, 2))
      else if (all.length === 0) terminal.print('There are none.')
      else terminal.print(toColumns(all.map(toCells)))
      for (const { id, warning } of all) if (warning !== undefined) terminal.complain(`${id}: ${warning}`)
      return EXIT_CODES.ok
    })
  },
})

type Certificate = Operations['listCertificates']['answer']['items'][number]

function toCells({ id, hosts, notAfter, body }: Certificate): readonly string[] {
  return [id, body.environment, hosts.join(', '), notAfter === undefined ? 'ordered by gateways' : `until ${notAfter}`]
}
