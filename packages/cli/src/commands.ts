/** Owns the list of commands, in the order of the help. Each is loaded when it is asked for: `start` pays for no other. */
import type { Command } from './command.ts'

export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['init', async () => (await import('./commands/init.ts')).init],
  ['start', async () => (await import('./commands/start.ts')).start],
  ['control', async () => (await import('./commands/control.ts')).control],
  ['node', async () => (await import('./commands/node.ts')).node],
  ['backup', async () => (await import('./commands/backup.ts')).backup],
  ['restore', async () => (await import('./commands/restore.ts')).restore],
  ['secret-key', async () => (await import('./commands/secret-key.ts')).secretKey],
  ['move', async () => (await import('./commands/move.ts')).move],
  ['validate', async () => (await import('./commands/validate.ts')).validate],
  ['routes', async () => (await import('./commands/routes.ts')).routes],
  ['explain', async () => (await import('./commands/explain.ts')).explain],
  ['test', async () => (await import('./commands/test.ts')).test],
  ['diff', async () => (await import('./commands/diff.ts')).diff],
  ['key', async () => (await import('./commands/key.ts')).key],
  ['login', async () => (await import('./commands/login.ts')).login],
  ['logout', async () => (await import('./commands/logout.ts')).logout],
  ['whoami', async () => (await import('./commands/whoami.ts')).whoami],
  ['pull', async () => (await import('./commands/pull.ts')).pull],
  ['apply', async () => (await import('./commands/apply.ts')).apply],
  ['import', async () => (await import('./commands/import.ts')).importCommand],
  ['export', async () => (await import('./commands/export.ts')).exportCommand],
  ['publish', async () => (await import('./commands/publish.ts')).publish],
  ['promote', async () => (await import('./commands/promote.ts')).promote],
  ['canary', async () => (await import('./commands/canary.ts')).canary],
  ['preview', async () => (await import('./commands/preview.ts')).preview],
  ['lifecycle', async () => (await import('./commands/lifecycle.ts')).lifecycle],
  ['rollback', async () => (await import('./commands/rollback.ts')).rollback],
  ['changes', async () => (await import('./commands/changes.ts')).changes],
  ['live', async () => (await import('./commands/live.ts')).live],
  ['apis', async () => (await import('./commands/apis.ts')).apis],
  ['keys', async () => (await import('./commands/keys.ts')).keys],
  ['secrets', async () => (await import('./commands/secrets.ts')).secrets],
  ['certificates', async () => (await import('./commands/certificates.ts')).certificates],
  ['subscriptions', async () => (await import('./commands/subscriptions.ts')).subscriptions],
  ['users', async () => (await import('./commands/users.ts')).users],
  ['node-tokens', async () => (await import('./commands/node-tokens.ts')).nodeTokens],
  ['nodes', async () => (await import('./commands/nodes.ts')).nodes],
  ['audit', async () => (await import('./commands/audit.ts')).audit],
  ['schema', async () => (await import('./commands/schema.ts')).schema],
  ['completion', async () => (await import('./commands/completion.ts')).createCompletion(loadAll)],
])

async function loadAll(): Promise<readonly Command[]> {
  return await Promise.all([...COMMANDS.values()].map((load) => load()))
}
