/** Owns the list of commands, in the order of the help. Each is loaded when it is asked for: `start` pays for no other, and the help for none. */
import type { Command, ListedCommand } from './command.ts'

interface Entry {
  /** One line for the list of commands. */
  readonly summary: string
  load(): Promise<Command>
}

export const COMMANDS: ReadonlyMap<string, Entry> = new Map([
  [
    'init',
    {
      summary: 'Write an example configuration to begin with.',
      load: async () => (await import('./commands/init.ts')).init,
    },
  ],
  [
    'start',
    {
      summary: 'Run the gateway.',
      load: async () => (await import('./commands/start.ts')).start,
    },
  ],
  [
    'control',
    {
      summary: 'Run a control plane alone.',
      load: async () => (await import('./commands/control.ts')).control,
    },
  ],
  [
    'node',
    {
      summary: 'Run a gateway that control planes tell what to run.',
      load: async () => (await import('./commands/node.ts')).node,
    },
  ],
  [
    'backup',
    {
      summary: 'Write all that a control plane keeps into a file.',
      load: async () => (await import('./commands/backup.ts')).backup,
    },
  ],
  [
    'restore',
    {
      summary: 'Bring back what a backup has.',
      load: async () => (await import('./commands/restore.ts')).restore,
    },
  ],
  [
    'secret-key',
    {
      summary: 'Change the key that seals what a control plane keeps secret.',
      load: async () => (await import('./commands/secret-key.ts')).secretKey,
    },
  ],
  [
    'move',
    {
      summary: 'Move what a control plane keeps to another database.',
      load: async () => (await import('./commands/move.ts')).move,
    },
  ],
  [
    'validate',
    {
      summary: 'Report every fault of a configuration, each with its place and how to mend it.',
      load: async () => (await import('./commands/validate.ts')).validate,
    },
  ],
  [
    'routes',
    {
      summary: 'List every route: method, host, path, upstream and policies.',
      load: async () => (await import('./commands/routes.ts')).routes,
    },
  ],
  [
    'explain',
    {
      summary: 'Say which route a request meets and why, and which policies, in which order, from which line.',
      load: async () => (await import('./commands/explain.ts')).explain,
    },
  ],
  [
    'test',
    {
      summary: 'Run your own cases against the real pipeline, without sockets.',
      load: async () => (await import('./commands/test.ts')).test,
    },
  ],
  [
    'diff',
    {
      summary: 'Say what one configuration changes against another, or a folder at a control plane.',
      load: async () => (await import('./commands/diff.ts')).diff,
    },
  ],
  [
    'key',
    {
      summary: 'Make a key, or the hash of a key or of a password, for `apps`.',
      load: async () => (await import('./commands/key.ts')).key,
    },
  ],
  [
    'login',
    {
      summary: 'Keep a token for a control plane.',
      load: async () => (await import('./commands/login.ts')).login,
    },
  ],
  [
    'logout',
    {
      summary: 'Forget the token of a control plane.',
      load: async () => (await import('./commands/logout.ts')).logout,
    },
  ],
  [
    'whoami',
    {
      summary: 'Say who you are at a control plane, and what you may.',
      load: async () => (await import('./commands/whoami.ts')).whoami,
    },
  ],
  [
    'pull',
    {
      summary: 'Write what a control plane has as a folder of files.',
      load: async () => (await import('./commands/pull.ts')).pull,
    },
  ],
  [
    'apply',
    {
      summary: 'Make a control plane what a folder says.',
      load: async () => (await import('./commands/apply.ts')).apply,
    },
  ],
  [
    'import',
    {
      summary: 'Make an API of an OpenAPI document, or merge a newer one into it.',
      load: async () => (await import('./commands/import.ts')).importCommand,
    },
  ],
  [
    'export',
    {
      summary: 'Print an API as an OpenAPI document.',
      load: async () => (await import('./commands/export.ts')).exportCommand,
    },
  ],
  [
    'publish',
    {
      summary: 'Make what an API says now live in an environment.',
      load: async () => (await import('./commands/publish.ts')).publish,
    },
  ],
  [
    'promote',
    {
      summary: 'Make what is live in one environment live in another.',
      load: async () => (await import('./commands/promote.ts')).promote,
    },
  ],
  [
    'canary',
    {
      summary: 'Try what an API says now on a part of its traffic.',
      load: async () => (await import('./commands/canary.ts')).canary,
    },
  ],
  [
    'preview',
    {
      summary: 'Try what an API says now, before anybody else gets it.',
      load: async () => (await import('./commands/preview.ts')).preview,
    },
  ],
  [
    'lifecycle',
    {
      summary: 'Deprecate, supersede, retire and revive an API where it is live.',
      load: async () => (await import('./commands/lifecycle.ts')).lifecycle,
    },
  ],
  [
    'rollback',
    {
      summary: 'Bring back what was live before the last change.',
      load: async () => (await import('./commands/rollback.ts')).rollback,
    },
  ],
  [
    'changes',
    {
      summary: 'List, show, approve, refuse and withdraw what waits for the approval of others.',
      load: async () => (await import('./commands/changes.ts')).changes,
    },
  ],
  [
    'live',
    {
      summary: 'Say what is live where.',
      load: async () => (await import('./commands/live.ts')).live,
    },
  ],
  [
    'apis',
    {
      summary: 'Show APIs and their versions side by side, and what has become of each.',
      load: async () => (await import('./commands/apis.ts')).apis,
    },
  ],
  [
    'keys',
    {
      summary: 'List, issue, rotate and end the keys of an app at a control plane.',
      load: async () => (await import('./commands/keys.ts')).keys,
    },
  ],
  [
    'secrets',
    {
      summary: 'List, set and remove the secrets of an environment at a control plane.',
      load: async () => (await import('./commands/secrets.ts')).secrets,
    },
  ],
  [
    'certificates',
    {
      summary: 'List the certificates that a control plane keeps, those that end first before all others.',
      load: async () => (await import('./commands/certificates.ts')).certificates,
    },
  ],
  [
    'subscriptions',
    {
      summary: 'List, request, approve, suspend, resume, end and move subscriptions at a control plane.',
      load: async () => (await import('./commands/subscriptions.ts')).subscriptions,
    },
  ],
  [
    'users',
    {
      summary: 'List people of a control plane, invite them, shut them out, and let them in again.',
      load: async () => (await import('./commands/users.ts')).users,
    },
  ],
  [
    'node-tokens',
    {
      summary: 'List, issue and end the tokens with which nodes of a group come to a control plane.',
      load: async () => (await import('./commands/node-tokens.ts')).nodeTokens,
    },
  ],
  [
    'nodes',
    {
      summary: 'Show the nodes that fetch from a control plane: what each runs, and what it does and uses.',
      load: async () => (await import('./commands/nodes.ts')).nodes,
    },
  ],
  [
    'audit',
    {
      summary: 'Say what was done at a control plane, by whom.',
      load: async () => (await import('./commands/audit.ts')).audit,
    },
  ],
  [
    'schema',
    {
      summary: 'Print the JSON Schema of the configuration, for editors.',
      load: async () => (await import('./commands/schema.ts')).schema,
    },
  ],
  [
    'completion',
    {
      summary: 'Print what bash, zsh or fish completes commands with.',
      load: async () => (await import('./commands/completion.ts')).createCompletion(loadAll),
    },
  ],
])

async function loadAll(): Promise<readonly ListedCommand[]> {
  return await Promise.all([...COMMANDS.values()].map(async ({ summary, load }) => ({ ...(await load()), summary })))
}
