/** Owns `gatewright pull`: everything that one may see at a control plane, as a folder of files. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { toTextHash } from '@gatewright/model'
import { defineCommand, UsageError } from '../command.ts'
import { JSON_OPTION } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { findPulled, keepPulled, listChanged } from '../folder/pulled.ts'
import { assertNoFile, isOurs, listFiles, TOP_NAMES } from '../folder/read-folder.ts'
import { readServerState } from '../folder/server-state.ts'
import { toFiles } from '../folder/to-files.ts'
import { onServer } from '../servers/on-server.ts'
import { SERVER_OPTIONS } from '../servers/open-server.ts'

export const pull = defineCommand({
  name: 'pull',
  description:
    'Writes a file for each resource that you may see, as somebody wrote it; the OpenAPI documents of APIs; live.yaml, which says what is live where; and the revisions that it names. The same state gives the same bytes. What is gone there is removed here. What somebody has changed here since it was pulled or applied, and is another there, is not overwritten: such files are named, and nothing is done without --force. Secrets, keys and accounts are not in it. The exit code of --dry-run is 2 where something would be written or removed.',
  positionals: [{ name: 'DIR', description: 'The folder; made if missing.' }],
  options: {
    ...SERVER_OPTIONS,
    'dry-run': { type: 'switch', description: 'Only say what would be written and removed.' },
    force: {
      type: 'switch',
      description: 'Also over what was changed here, and where the folder holds other things, which are left alone.',
    },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright pull gateway --server prod',
    says: 'Writes the folder gateway. Keep it in Git, and bring changes back with `gatewright apply gateway`.',
  },

  async run({ values, positionals: [given = ''] }, terminal) {
    const folder = resolve(terminal.cwd, given)
    assertNoFile(folder)
    if (!values.force) assertOwnFolder(folder)
    return await onServer(values, terminal, async ({ client }) => {
      const state = await readServerState(client)
      for (const { plural } of state.hidden) terminal.complain(`You may see none of the ${plural}: they are left out.`)
      const files = await toFiles(client, state)
      const hidden = new Set(state.hidden.map(({ plural }) => plural))
      const gone = listFiles(folder).filter(
        (path) => !files.has(path) && isOurs(path) && !hidden.has(path.split('/')[0] ?? ''),
      )
      const written = [...files].filter(([path, text]) => !isSame(join(folder, path), text)).map(([path]) => path)
      const changed = values.force ? [] : listChanged(folder, [...written, ...gone])
      if (changed.length > 0) {
        terminal.complain(toRefusal(given, changed, gone))
        return EXIT_CODES.faults
      }
      if (!values['dry-run']) {
        for (const path of written) write(join(folder, path), files.get(path) ?? '')
        for (const path of gone) rmSync(join(folder, path))
        keepPulled(folder, new Map([...files].map(([path, text]) => [path, toTextHash(text)])))
      }
      if (values.json) terminal.print(JSON.stringify({ written, removed: gone }, null, 2))
      else terminal.print(toText({ written, gone, files: files.size, isDryRun: values['dry-run'] }))
      return values['dry-run'] && written.length + gone.length > 0 ? EXIT_CODES.differs : EXIT_CODES.ok
    })
  },
})

function toRefusal(folder: string, changed: readonly string[], gone: readonly string[]): string {
  const lines = changed.map((path) => `  ${path}${gone.includes(path) ? ' (there is none there)' : ''}`)
  return [
    'Nothing was written. These were changed here since they were pulled or applied, and are another there:',
    ...lines,
    `See what differs with \`gatewright diff ${folder}\`. Then \`gatewright apply ${folder}\` brings it there, and --force loses it here.`,
  ].join('\n')
}

/** @throws UsageError */
function assertOwnFolder(folder: string): void {
  if (!existsSync(folder) || findPulled(folder) !== undefined) return
  const other = readdirSync(folder).find(
    (name) => !TOP_NAMES.has(name) && !name.startsWith('.') && !/^readme/i.test(name),
  )
  if (other === undefined) return
  throw new UsageError(`${folder} holds something else, ${other}: name another folder, or say --force`)
}

function isSame(path: string, text: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8') === text
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

interface Pulling {
  readonly written: readonly string[]
  readonly gone: readonly string[]
  /** How many there are. */
  readonly files: number
  readonly isDryRun: boolean
}

function toText({ written, gone, files, isDryRun }: Pulling): string {
  if (written.length + gone.length === 0) return `No difference: ${files} files say what is there.`
  const [wrote, removed] = isDryRun ? ['would write', 'would remove'] : ['wrote', 'removed']
  return [...written.map((path) => `${wrote} ${path}`), ...gone.map((path) => `${removed} ${path}`)].join('\n')
}
