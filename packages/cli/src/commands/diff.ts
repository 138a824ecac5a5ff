/** Owns `gatewright diff`: what a change of the configuration changes, in words. */
import { type Diffable, diff as diffModels, toDiffText } from '@gatewright/model'
import { defineCommand, UsageError } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, type Runnable, readFaultless, toPath } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { SERVER_OPTIONS, type ServerValues } from '../servers/open-server.ts'
import type { Terminal } from '../terminal.ts'

export const diff = defineCommand({
  name: 'diff',
  description:
    'With one argument, a folder as `gatewright pull` writes it: says what `gatewright apply` would do at a control plane, and the exit code is 2 where that is anything. With two, compares what would run, not the text: another order of keys, a comment or a moved file is no difference. The exit code is 0 with and without one then; for scripts, --json prints [] where there is none.',
  positionals: [
    { name: 'A', description: 'The file or folder as it was.' },
    { name: 'B', description: 'The file or folder as it is to be. Default: a control plane.', optional: true },
  ],
  options: {
    overlay: {
      ...CONFIG_OPTIONS.overlay,
      description: 'A file that changes parts of B, such as prod.yaml; several are applied one after the other.',
    },
    'overlay-a': { ...CONFIG_OPTIONS.overlay, description: 'The same for A.' },
    ...SERVER_OPTIONS,
    prune: { type: 'switch', description: 'At a control plane: with what `gatewright apply --prune` would remove.' },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright diff live.yaml gatewright.yaml',
    says: 'Lists what is added, removed and altered, one line each. With the same file twice and --overlay, it is what the overlay changes.',
  },

  async run({ values, positionals }, terminal) {
    const [a = '', b] = positionals
    if (b === undefined) return await diffAtServer(a, values, terminal)
    if (values.server !== undefined || values.prune) {
      throw new UsageError('a control plane is compared with one folder: leave the second argument out')
    }
    const [before, after] = await Promise.all([
      readFaultless({ config: a, overlay: values['overlay-a'] }, terminal),
      readFaultless({ config: b, overlay: values.overlay }, terminal),
    ])
    if (before === undefined || after === undefined) return EXIT_CODES.faults
    const changes = diffModels(withSources(before), withSources(after))
    if (values.json) terminal.print(JSON.stringify(changes, null, 2))
    else terminal.print(changes.length === 0 ? 'No difference.' : toDiffText(changes))
    return EXIT_CODES.ok
  },
})

interface AtServer extends ServerValues {
  readonly prune: boolean
  readonly json: boolean
}

async function diffAtServer(path: string, values: AtServer, terminal: Terminal): Promise<number> {
  const [{ planFolder }, { assertNoFile, readFolder }, { readServerState }, { tellPlan }, { onServer }] =
    await Promise.all([
      import('../folder/plan-folder.ts'),
      import('../folder/read-folder.ts'),
      import('../folder/server-state.ts'),
      import('../folder/tell-plan.ts'),
      import('../servers/on-server.ts'),
    ])
  assertNoFile(toPath(path, terminal), ', or a second file to compare with')
  const folder = readFolder(toPath(path, terminal))
  for (const fault of folder.faults) terminal.complain(fault)
  if (folder.faults.length > 0) return EXIT_CODES.faults
  return await onServer(values, terminal, async ({ client, url }) => {
    const state = await readServerState(client)
    const plan = await planFolder(client, { folder, state }, { prune: values.prune, message: '' })
    return await tellPlan(plan, { url, isJson: values.json }, terminal)
  })
}

/** So that what came from outside of the files is not shown. */
function withSources(side: Runnable): Diffable {
  return { ...side, sources: side.resolution.sources }
}
