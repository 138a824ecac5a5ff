/** Owns where a command speaks to and what it knows of its surroundings, so that tests can listen. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

export interface Terminal {
  /** What was asked for: stdout. */
  print(text: string): void
  /** Everything else: stderr. */
  complain(text: string): void
  /** All of stdin, as text; `prompt` is for people, where one types it. */
  readInput(prompt: string): Promise<string>
  /** A line that somebody types, and that nobody sees where it `isHidden`; undefined: nobody is there to be asked. */
  askLine(question: string, options?: { readonly isHidden?: boolean }): Promise<string | undefined>
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
    async askLine(question, { isHidden = false } = {}) {
      return process.stdin.isTTY ? await askLine(question, isHidden) : undefined
    },
    cwd: process.cwd(),
    env: process.env,
    earlySignals,
  }
}

/** Undefined where it is ended in its place. */
async function askLine(question: string, isHidden: boolean): Promise<string | undefined> {
  process.stderr.write(question)
  // With a terminal of its own, what is typed is not echoed by the system; what would show it goes nowhere.
  const output = isHidden ? new Writable({ write: (_, __, done) => done() }) : process.stderr
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  lines.once('line', resolve)
  lines.once('close', () => resolve(undefined))
  lines.once('SIGINT', () => process.exit(130))
  const line = await promise
  lines.close()
  if (isHidden) process.stderr.write('\n')
  return line
}
