/** Owns `gatewright diff`: what a change of the configuration changes, in words. */
import { diff as diffModels, toDiffText } from '@gatewright/model'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, type Runnable, readFaultless } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

export const diff = defineCommand({
  name: 'diff',
  summary: 'Say what one configuration changes against another.',
  description:
    'Compares what would run, not the text: another order of keys, a comment or a moved file is no difference. Overlays are applied to both.',
  positionals: [
    { name: 'A', description: 'The file or folder as it was.' },
    { name: 'B', description: 'The file or folder as it is to be.' },
  ],
  options: { overlay: CONFIG_OPTIONS.overlay, json: JSON_OPTION },
  example: {
    line: 'gatewright diff live.yaml gatewright.yaml',
    says: 'Lists what is added, removed and altered, one line each; no line where both say the same.',
  },

  async run({ values, positionals }, terminal) {
    const [before, after] = await Promise.all(positionals.map((config) => read(config, values.overlay, terminal)))
    if (before === undefined || after === undefined) return EXIT_CODES.faults
    const changes = diffModels(before, after)
    if (values.json) terminal.print(JSON.stringify(changes, null, 2))
    else terminal.print(changes.length === 0 ? 'No difference.' : toDiffText(changes))
    return EXIT_CODES.ok
  },
})

function read(config: string, overlay: readonly string[], terminal: Terminal): Promise<Runnable | undefined> {
  return readFaultless({ config, overlay }, terminal)
}
