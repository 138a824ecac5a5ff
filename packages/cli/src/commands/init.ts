/** Owns `gatewright init`: an example to begin with, written where nothing is overwritten. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { defineCommand, UsageError } from '../command.ts'
import { type Example, GREETING_FILE, getExample, listExamples } from '../examples.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { toOwnCommand } from '../own-command.ts'
import type { Terminal } from '../terminal.ts'
import { writeOutput } from '../write-output.ts'

export const init = defineCommand({
  name: 'init',
  description:
    'Copies the files of an example into a folder. A file that exists is never overwritten: then nothing is written at all.',
  positionals: [{ name: 'DIR', description: 'Where to; made if missing. Default: here.', optional: true }],
  options: {
    example: { type: 'text', value: 'NAME', description: 'Which one; `--list` shows them. Default: quickstart.' },
    list: { type: 'switch', description: 'Only list the examples.' },
  },
  example: {
    line: 'gatewright init --example keys-and-limits shop',
    says: 'Writes that example into the folder shop, and says what to run next.',
  },

  async run({ values, positionals }, terminal) {
    if (values.list) {
      terminal.print(toList(listExamples()))
      return EXIT_CODES.ok
    }
    const example = getExample(values.example ?? 'quickstart')
    const target = resolve(terminal.cwd, positionals[0] ?? '.')
    const files = await listFiles(example.folder)
    const taken = files.filter((file) => existsSync(join(target, file)))
    if (taken.length > 0) {
      const exist = taken.length === 1 ? 'exists' : 'exist'
      throw new UsageError(
        `${taken.join(', ')} ${exist} already in ${target}, and nothing was written: name another folder`,
      )
    }
    for (const file of files) {
      makeFolder(dirname(join(target, file)))
      const text = await readFile(join(example.folder, file), 'utf8')
      await writeOutput({ what: 'the file', path: join(target, file), text }, terminal)
      terminal.print(`wrote ${join(relative(terminal.cwd, target), file)}`)
    }
    terminal.print(`\n${toNextSteps(example, target, terminal)}`)
    return EXIT_CODES.ok
  },
})

function toList(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(({ name }) => name.length)) + 2
  return examples.map(({ name, summary }) => `${name.padEnd(width)}${summary}`).join('\n')
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name !== GREETING_FILE)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

function toNextSteps({ name }: Example, target: string, { cwd, env }: Terminal): string {
  const here = relative(cwd, target)
  const isElsewhere = here.startsWith('..') || isAbsolute(here)
  const command = toOwnCommand({ script: process.argv[1] ?? '', node: process.execPath, env }, target)
  const others = listExamples().filter((example) => example.name !== name)
  return [
    'Next:',
    ...(here === '' ? [] : [`  cd ${isElsewhere ? target : here}`]),
    `  ${command} start`,
    `  ${command} test`,
    '',
    'Other examples:',
    toList(others).replace(/^/gm, '  '),
  ].join('\n')
}
