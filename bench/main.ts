// Owns the command `npm run bench`: reads options, asks the questions one after the other, prints what came out.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { access } from './access.ts'
import { BARE_PEERS, bare } from './bare.ts'
import { cases } from './cases.ts'
import { churn } from './churn.ts'
import { edge } from './edge.ts'
import { grpc } from './grpc.ts'
import { guarded } from './guarded.ts'
import { large } from './large.ts'
import { latency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { memory } from './memory.ts'
import { createFolder, findCommand } from './processes.ts'
import { publish } from './publish.ts'
import type { Answer, Question, Setting } from './question.ts'
import { routes } from './routes.ts'
import { sse } from './sse.ts'
import { start } from './start.ts'
import { toBarTable, toMarkdown, toSection, toTable } from './table.ts'

const QUESTIONS: Question[] = [
  bare,
  guarded,
  access,
  edge,
  grpc,
  routes,
  large,
  churn,
  publish,
  latency,
  sse,
  memory,
  start,
  cases,
]

const HELP = `npm run bench -- [options]
  --only a,b         only these questions: ${QUESTIONS.map((question) => question.name).join(', ')}
  --rounds N         rounds in which every contestant has its turn (5)
  --seconds N        length of a turn; 4 or more, the kernel counts CPU in ticks of 10 ms (4)
  --connections N    keep-alive connections of the load (64)
  --threads N        threads of the gateway, workers of its peers (1)
  --unpinned         leave it to the scheduler who runs where
  --write FILE       write the Markdown table to FILE too
  --json             print JSON instead of Markdown`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    threads: { type: 'string', default: '1' },
    unpinned: { type: 'boolean', default: false },
    write: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const chosen = values.only ? values.only.split(',').map(getQuestion) : QUESTIONS
const pinned = !values.unpinned && cpus().length > 1 && findCommand('taskset') !== undefined
const folder = createFolder()
const answers: Answer[] = []
let broken = 0
for (const question of chosen) {
  say(`${question.name}:`)
  try {
    const answer = await question.ask(toSetting(question))
    answers.push(answer)
    if (!values.json) say(`${toSection(answer)}\n\n${toTable(toBarTable(answer.bars))}\n`)
  } catch (error) {
    broken++
    say(`${question.name} could not be measured: ${error instanceof Error ? error.stack : error}`)
  }
}
const machine = describeMachine(BARE_PEERS, {
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, ''),
  placement: pinned
    ? 'the gateway has one core to itself, load and upstream the other.'
    : 'the scheduler decides who runs on which core.',
})
const markdown = toMarkdown(machine, answers)
if (values.write) writeFileSync(values.write, markdown)
console.log(values.json ? JSON.stringify({ machine, answers }, null, 2) : markdown)
process.exit(broken > 0 ? 1 : 0)

function toSetting(question: Question): Setting {
  const dir = join(folder, question.name)
  mkdirSync(dir, { recursive: true })
  return {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
    threads: Number(values.threads),
    gatewayCores: pinned ? String(cpus().length - 1) : undefined,
    loadCores: pinned ? '0' : undefined,
    dir,
    say: (line) => say(`  ${line}`),
  }
}

function getQuestion(name: string): Question {
  const question = QUESTIONS.find((candidate) => candidate.name === name)
  if (question === undefined) {
    console.error(`There is no question "${name}".\n${HELP}`)
    process.exit(2)
  }
  return question
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
