/** Owns where a command speaks to and what it knows of its surroundings, so that tests can listen. */
export interface Terminal {
  /** What was asked for: stdout. */
  print(text: string): void
  /** Everything else: stderr. */
  complain(text: string): void
  /** All of stdin, as text; `prompt` is for people, where one types it. */
  readInput(prompt: string): Promise<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Signals that came while the command was loaded, and come while nobody follows them. */
  readonly earlySignals: ReadonlySet<NodeJS.Signals>
}

export function createProcessTerminal(earlySignals: Terminal['earlySignals'] = new Set()): Terminal {
  // `gatewright routes | head`: who reads has enough, and that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
    async readInput(prompt) {
      if (process.stdin.isTTY) process.stderr.write(`${prompt}\n`)
      let text = ''
      for await (const piece of process.stdin.setEncoding('utf8')) text += piece
      return text
    },
    cwd: process.cwd(),
    env: process.env,
    earlySignals,
  }
}
