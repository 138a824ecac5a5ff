/** Owns what shells complete with: made of the commands themselves, so it knows all of them and all of their options. */
import type { ListedCommand, Option } from './command.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export function toCompletion(shell: Shell, commands: readonly ListedCommand[]): string {
  return { bash: toBash, zsh: toZsh, fish: toFish }[shell](commands)
}

interface Flag {
  /** `--config`, `-c`. */
  readonly words: readonly string[]
  readonly takesValue: boolean
  readonly description: string
}

function listFlags({ options }: ListedCommand): readonly Flag[] {
  const flags = Object.entries(options).map(([name, option]) => toFlag(name, option))
  return [...flags, { words: ['--help', '-h'], takesValue: false, description: 'Show the help.' }]
}

function toFlag(name: string, { type, short, description }: Option): Flag {
  return {
    words: [`--${name}`, ...(short === undefined ? [] : [`-${short}`])],
    takesValue: type !== 'switch',
    description: description.replace(/(?<=\.) .*$/s, ''),
  }
}

/** Behind a flag that takes a value, and where no flag is begun, names of files. */
function toBash(commands: readonly ListedCommand[]): string {
  const cases = commands.map((command) => {
    const flags = listFlags(command)
    const words = flags.flatMap((flag) => flag.words).join(' ')
    const valued = flags.filter(({ takesValue }) => takesValue).flatMap((flag) => flag.words)
    return `    ${command.name}) flags='${words}' valued=' ${valued.join(' ')} ' ;;`
  })
  return `# bash completion of gatewright: eval "$(gatewright completion bash)"
_gatewright() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" flags='' valued=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version' -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* && "$valued" != *" $previous "* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  fi
}
complete -o default -F _gatewright gatewright
`
}

function toZsh(commands: readonly ListedCommand[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`)
  const cases = commands.map((command) => {
    const specs = listFlags(command).flatMap(({ words, takesValue, description }) =>
      words.map((word) =>
        quote(`${word}[${description.replaceAll(/[[\]:]/g, ' ')}]${takesValue ? ':value:_files' : ''}`),
      ),
    )
    return `    ${command.name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`
  })
  return `#compdef gatewright
# zsh completion of gatewright: source <(gatewright completion zsh)
_gatewright() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _gatewright gatewright
`
}

function toFish(commands: readonly ListedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const flags = listFlags(command).map(({ words, takesValue, description }) => {
      const said = words.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`))
      const value = takesValue ? ' -r' : ''
      return `complete -c gatewright -n '__fish_seen_subcommand_from ${command.name}' ${said.join(' ')}${value} -d ${quote(description)}`
    })
    return [
      `complete -c gatewright -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
      ...flags,
    ]
  })
  return `# fish completion of gatewright: gatewright completion fish | source\n${lines.join('\n')}\n`
}

/** For all three: nothing in it means anything to the shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
