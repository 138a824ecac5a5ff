/** Owns `gatewright completion`: what a shell completes with. */
import { type Command, defineCommand, type ListedCommand, UsageError } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { SHELLS, toCompletion } from '../to-completion.ts'

/** `list`: all commands, this one too. */
export function createCompletion(list: () => Promise<readonly ListedCommand[]>): Command {
  return defineCommand({
    name: 'completion',
    description:
      'Knows every command and every option. For bash, put `eval "$(gatewright completion bash)"` into ~/.bashrc; for zsh, `source <(gatewright completion zsh)` into ~/.zshrc; for fish, write it to ~/.config/fish/completions/gatewright.fish.',
    positionals: [{ name: 'SHELL', description: `${SHELLS.join(', ')}.` }],
    options: {},
    example: { line: 'gatewright completion bash', says: 'Prints the script. Then `gatewright val` and the tab key.' },

    async run({ positionals: [given] }, terminal) {
      const shell = SHELLS.find((each) => each === given)
      if (shell === undefined) throw new UsageError(`"${given}" is none of ${SHELLS.join(', ')}`)
      terminal.print(toCompletion(shell, await list()))
      return EXIT_CODES.ok
    },
  })
}
