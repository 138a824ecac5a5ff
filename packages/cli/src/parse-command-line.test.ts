import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Command, defineCommand, UsageError } from './command.ts'
import { parseCommandLine } from './parse-command-line.ts'

const command: Command = defineCommand({
  name: 'serve',
  description: 'Serves.',
  positionals: [
    { name: 'FROM', description: 'where it begins' },
    { name: 'TO', description: 'where it ends', optional: true },
  ],
  options: {
    config: { type: 'text', value: 'PATH', description: 'A file.' },
    header: { type: 'text', short: 'H', value: 'LINE', multiple: true, description: 'A header.' },
    port: { type: 'integer', value: 'PORT', min: 1, max: 65_535, description: 'A port.' },
    json: { type: 'switch', description: 'JSON.' },
  },
  example: { line: 'gatewright serve a', says: 'Serves a.' },
  run: async () => 0,
})

function refusalOf(args: readonly string[]): string {
  try {
    parseCommandLine(command, args)
  } catch (thrown) {
    assert.ok(thrown instanceof UsageError)
    return thrown.message
  }
  return assert.fail('it was taken')
}

describe('a command line', () => {
  it('becomes values by name, with empty ones for what was not said', () => {
    assert.deepEqual(parseCommandLine(command, ['a']), { values: { header: [], json: false }, positionals: ['a'] })
    assert.deepEqual(
      parseCommandLine(command, ['--port=80', 'a', '-H', 'X: 1', '--json', '-H=Y: 2', '--config', 'x.yaml', 'b']),
      {
        values: { header: ['X: 1', '=Y: 2'], json: true, port: 80, config: 'x.yaml' },
        positionals: ['a', 'b'],
      },
    )
  })

  it('takes everything behind two dashes as it stands', () => {
    assert.deepEqual(parseCommandLine(command, ['--', '--json']).positionals, ['--json'])
  })

  it('refuses an unknown option and names the one that was meant', () => {
    assert.equal(refusalOf(['a', '--cofnig', 'x']), 'unknown option --cofnig: did you mean --config?')
    assert.match(refusalOf(['a', '--zebra']), /^unknown option --zebra: it takes --config, --header/)
  })

  it('does not take an option named like something that every object has', () => {
    assert.match(refusalOf(['a', '--constructor']), /^unknown option --constructor/)
    assert.match(refusalOf(['a', '--__proto__']), /^unknown option --__proto__/)
  })

  it('refuses a forgotten value instead of taking the next option for it', () => {
    assert.equal(refusalOf(['a', '--config', '--json']), '--config needs a value: --config PATH')
    assert.equal(refusalOf(['a', '--config']), '--config needs a value: --config PATH')
    assert.deepEqual(parseCommandLine(command, ['a', '--config=--json']).values, {
      header: [],
      json: false,
      config: '--json',
    })
  })

  it('refuses a value for a switch, and a second value where one counts', () => {
    assert.equal(refusalOf(['a', '--json=yes']), '--json takes no value, and "yes" was given')
    assert.equal(refusalOf(['a', '--config', 'x', '--config', 'y']), '--config was given twice: "x" and "y"')
  })

  it('refuses numbers that are none, or out of range', () => {
    for (const value of ['x', '80.5', '0', '65536', '1e3', '']) {
      assert.equal(
        refusalOf(['a', `--port=${value}`]),
        `--port is a whole number from 1 to 65535, and "${value}" was given`,
      )
    }
  })

  it('refuses too few and too many arguments by name', () => {
    assert.equal(refusalOf([]), 'FROM is missing: where it begins')
    assert.equal(refusalOf(['a', 'b', 'c']), '"c" is one argument too many')
  })

  it('tells who forgot --config before a file or folder', () => {
    for (const path of ['prod.yaml', 'a/b.YML', 'x.json', 'gatewright/']) {
      assert.equal(refusalOf(['a', 'b', path]), `"${path}" is one argument too many: did you mean --config ${path}?`)
    }
  })
})
