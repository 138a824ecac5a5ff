/** Owns `gatewright schema`: what editors complete and check with. */
import { toFindingText, toJsonSchema } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, readConfiguration } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { writeOutput } from '../write-output.ts'

export const schema = defineCommand({
  name: 'schema',
  description:
    'With it, an editor completes keys, shows what they mean and marks what is wrong. With --config, the policies of its extensions are in it too.',
  options: {
    overlay: CONFIG_OPTIONS.overlay,
    config: { ...CONFIG_OPTIONS.config, description: 'A file or folder whose extensions are to be in it too.' },
    out: { type: 'text', value: 'FILE', description: 'Write it there instead of printing it.' },
  },
  example: {
    line: 'gatewright schema --out gatewright.schema.json',
    says: 'Then put `# yaml-language-server: $schema=gatewright.schema.json` above your configuration.',
  },

  async run({ values }, terminal) {
    let catalogue = BUILT_IN_POLICIES
    if (values.config !== undefined) {
      const configuration = await readConfiguration(values, terminal)
      const faults = configuration.findings.filter(({ code }) => code === 'extension' || code === 'unreadable')
      for (const fault of faults) terminal.complain(toFindingText(fault))
      if (faults.length > 0) return EXIT_CODES.faults
      catalogue = configuration.catalogue
    }
    const text = JSON.stringify(toJsonSchema(catalogue), null, 2)
    if (values.out === undefined) terminal.print(text)
    else {
      await writeOutput({ what: '--out', path: values.out, text: `${text}\n` }, terminal)
      terminal.complain(`wrote ${values.out}`)
    }
    return EXIT_CODES.ok
  },
})
