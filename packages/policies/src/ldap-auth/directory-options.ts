/** Owns the options that say which directory is asked, how a name is found there, and what its entry says. */
import { z } from 'zod'
import { secretOption } from '../secret-option.ts'
import type { DirectoryFind, DirectoryGroups, DirectorySettings } from '../services.ts'

/** RFC 4512 §2.5: the short name of an attribute. */
const attributeSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'use letters, digits and hyphens')

const accountSchema = z
  .strictObject({
    dn: z.string().min(1).meta({ description: 'The DN of an account that may look.' }),
    password: secretOption('Its password.'),
  })
  .optional()
  .meta({ description: 'Who looks for names. Nobody in particular if absent, where the directory allows that.' })

const searchSchema = z
  .strictObject({
    base: z.string().meta({ description: 'Below which entry names are looked for: `ou=people,dc=example,dc=com`.' }),
    filter: z
      .string()
      .regex(/^\(.*\{name\}.*\)$/s, 'a filter stands in parentheses and holds {name}')
      .default('(uid={name})')
      .meta({
        description:
          'Finds the one entry of a name (RFC 4515). `{name}` is what the user wrote, escaped. For Active Directory: `(sAMAccountName={name})`.',
      }),
    account: accountSchema,
  })
  .optional()
  .meta({ description: 'Looks for the entry of a name, and then tries the password with it.' })

const groupsSchema = z
  .strictObject({
    attribute: attributeSchema.default('memberOf').meta({
      description: 'Attribute that holds them: of the entry, or where they are looked for, what they are called by.',
    }),
    base: z.string().optional().meta({
      description:
        'Looks for entries below this one that name the user, where the entry of the user does not say its groups.',
    }),
    filter: z
      .string()
      .regex(/^\(.*\{dn\}.*\)$/s, 'a filter stands in parentheses and holds {dn}')
      .default('(member={dn})')
      .meta({ description: 'With `base`: finds the groups of a user. `{dn}` is the DN of the user, escaped.' }),
    names: z.enum(['short', 'whole']).default('short').meta({
      description:
        'short: of a DN the first value, `admins` of `cn=admins,ou=groups,dc=example,dc=com`. whole: as it stands there; for directories in which several groups have one name.',
    }),
  })
  .optional()
  .meta({ description: 'Which groups the caller is in, for `caller.groups`. None if absent.' })

export const directoryShape = {
  url: z
    .string()
    .regex(
      // A host stays as it is written in such a URL: with other letters, or encoded ones, it would be nobody's name.
      /^ldaps?:\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?\/?$/i,
      'write ldap://host or ldaps://host, with a port where it is another than the usual, and other letters than those of ASCII as xn--…',
    )
    .meta({ description: 'The directory: `ldaps://ldap.example.com`, or `ldap://` with StartTLS.' }),
  startTls: z.boolean().default(true).meta({
    description:
      'Makes a connection of `ldap://` secure before anything is said. False sends passwords as they are, for everybody in between to read.',
  }),
  ca: z.string().min(1).optional().meta({
    description:
      'Certificates in PEM that the directory has to be proven by, such as `${file:ca.pem}`. The usual CAs if absent.',
  }),
  bindDn: z
    .string()
    .regex(/\{name\}/, 'it holds {name}')
    // What is the name alone would let a user choose how to bind: the library takes `EXTERNAL` for a mechanism of SASL.
    .regex(/[=@\\]/, 'it is a DN, or name@domain')
    .optional()
    .meta({
      description:
        'What entries are called, where that is known: `uid={name},ou=people,dc=example,dc=com`; for Active Directory `{name}@corp.example.com`. Instead of `search`.',
    }),
  search: searchSchema,
  groups: groupsSchema,
  attributes: z.array(attributeSchema).max(32).default([]).meta({
    description: 'Other attributes of the entry, which become claims of the caller: `[mail, displayName]`.',
  }),
  id: attributeSchema.default('uid').meta({
    description:
      'Attribute whose value says who calls, so that `ANN` and `ann` are one caller; `sAMAccountName` for Active Directory. The name as it is looked up where the entry does not say.',
  }),
  timeoutMs: z.int().min(1).max(60_000).default(5_000).meta({
    description: 'How long all questions about one name may take, in milliseconds.',
  }),
} as const

type DirectoryOptions = z.output<z.ZodObject<typeof directoryShape>>

/** @throws TypeError where the options say no way to find a name; their schema lets none through */
export function toDirectorySettings(options: DirectoryOptions): DirectorySettings {
  const { url, startTls, ca, timeoutMs, groups, attributes, id } = options
  return {
    url,
    startTls,
    ca,
    timeoutMs,
    find: toFind(options),
    groups: groups && toGroups(groups),
    attributes: [...new Set([...attributes, id])],
  }
}

function toFind({ bindDn, search }: DirectoryOptions): DirectoryFind {
  if (bindDn !== undefined) return { by: 'template', dn: bindDn }
  if (search !== undefined) return { by: 'search', ...search }
  throw new TypeError('`bindDn` or `search` says how a name is found')
}

function toGroups({ attribute, base, filter }: NonNullable<DirectoryOptions['groups']>): DirectoryGroups {
  if (base === undefined) return { by: 'attribute', attribute }
  // `memberOf` is of users: groups are called by their common name.
  return { by: 'search', base, filter, attribute: attribute === 'memberOf' ? 'cn' : attribute }
}
