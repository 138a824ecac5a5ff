/** Owns `gatewright diff`: what a change of the configuration changes, in words. */
import { type Diffable, diff as diffModels, toDiffText } from '@gatewright/model'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, type Runnable, readFaultless } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'

export const diff = defineCommand({
  name: 'diff',
  summary: 'Say what one configuration changes against another.',
  description:
    'Compares what would run, not the text: another order of keys, a comment or a moved file is no difference. The exit code is 0 with and without one; for scripts, --json prints [] where there is none.',
  positionals: [
    { name: 'A', description: 'The file or folder as it was.' },
    { name: 'B', description: 'The file or folder as it is to be.' },
  ],
  options: {
    overlay: {
      ...CONFIG_OPTIONS.overlay,
      description: 'A file that changes parts of B, such as prod.yaml; several are applied one after the other.',
    },
    'overlay-a': { ...CONFIG_OPTIONS.overlay, description: 'The same for A.' },
    json: JSON_OPTION,
  },
  example: {
    line: 'gatewright diff live.yaml gatewright.yaml',
    says: 'Lists what is added, removed and altered, one line each. With the same file twice and --overlay, it is what the overlay changes.',
  },

  async run({ values, positionals }, terminal) {
    const [a = '', b = ''] = positionals
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

/** So that what came from outside of the files is not shown. */
function withSources(side: Runnable): Diffable {
  return { ...side, sources: side.resolution.sources }
}
