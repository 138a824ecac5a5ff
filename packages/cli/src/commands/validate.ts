/** Owns `gatewright validate`: every fault of a configuration at once. */
import { checkUses } from '@gatewright/gateway'
import { type Finding, hasFaults, toFindingText } from '@gatewright/model'
import { defineCommand } from '../command.ts'
import { CONFIG_OPTIONS, JSON_OPTION, readConfiguration } from '../configuration.ts'
import { EXIT_CODES } from '../exit-codes.ts'

export const validate = defineCommand({
  name: 'validate',
  description:
    'Reads the configuration as `start` would, with its documents and extensions, makes every policy, and serves nothing. A fault keeps it from running; a warning does not.',
  options: { ...CONFIG_OPTIONS, json: JSON_OPTION },
  example: {
    line: 'gatewright validate --config gatewright.yaml --overlay prod.yaml',
    says: 'Checks what production would run. In CI, the exit code is enough.',
  },

  async run({ values }, terminal) {
    const { model, catalogue, resolution, policyFiles, findings: found } = await readConfiguration(values, terminal)
    const failed =
      model === undefined ? [] : checkUses(model, catalogue, { sources: resolution.sources, files: policyFiles.shared })
    const findings = faultsFirst([...found, ...failed])
    if (values.json) terminal.print(JSON.stringify(findings, null, 2))
    else {
      for (const finding of findings) terminal.print(toFindingText(finding))
      terminal.print(toSummary(findings.map(({ severity }) => severity)))
    }
    return hasFaults(findings) ? EXIT_CODES.faults : EXIT_CODES.ok
  },
})

/** Long lists of warnings would hide what keeps the configuration from running. */
function faultsFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

function toSummary(severities: readonly string[]): string {
  const count = (severity: string) => severities.filter((each) => each === severity).length
  const warnings = count('warning')
  const counted = [toCount(count('fault'), 'fault'), ...(warnings === 0 ? [] : [toCount(warnings, 'warning')])]
  return `${counted.join(', ')}.`
}

function toCount(count: number, noun: string): string {
  return `${count === 0 ? 'No' : count} ${noun}${count === 1 ? '' : 's'}`
}
