// Owns the command `npm run soak`: what the control plane is to hold, measured with real processes.
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bePatient } from '../../e2e/harness/deadline.ts'
import { describeMachine } from '../machine.ts'
import type { Answer } from '../question.ts'
import { toBarTable, toSection, toTable } from '../table.ts'
import { killed, killedMachines } from './killed.ts'
import { largeStore } from './large-store.ts'
import { manyKeys } from './many-keys.ts'
import { manyMachines } from './many-machines.ts'
import { oneMachine } from './one-machine.ts'
import { Quietness } from './quietness.ts'
import type { SoakQuestion } from './soak-question.ts'

const QUESTIONS: SoakQuestion[] = [oneMachine, manyMachines, killed, killedMachines, largeStore, manyKeys]

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    changes: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    keys: { type: 'string', default: '1000000' },
    apis: { type: 'string', default: '5000' },
    publishes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${randomInt(1, 1_000_000_000)}` },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const HELP = `npm run soak -- [options]
  --only a,b     only these questions: ${QUESTIONS.map(({ name }) => name).join(', ')}
  --changes N    publishes one after the other (100)
  --seconds N    of publishing under load (60)
  --rate N       publishes a second under load (20)
  --keys N       keys that a node knows (1000000)
  --apis N       APIs in the store (5000)
  --publishes N  acknowledged while processes are killed (1000)
  --seed N       of the moments when they are (a random one, which is told)
  --write FILE   write the Markdown to FILE too`
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const names = values.only?.split(',') ?? QUESTIONS.map(({ name }) => name)
const chosen = names.map((name) => QUESTIONS.find((question) => question.name === name))
if (chosen.includes(undefined)) {
  console.error(`There is no such question.\n${HELP}`)
  process.exit(2)
}
bePatient(300_000)
const answers: Answer[] = []
let broken = 0
for (const question of chosen) {
  if (question === undefined) continue
  console.error(`${question.name}:`)
  const quiet = new Quietness()
  try {
    const answer = await question.ask({
      changes: Number(values.changes),
      seconds: Number(values.seconds),
      perSecond: Number(values.rate),
      keys: Number(values.keys),
      apis: Number(values.apis),
      publishes: Number(values.publishes),
      seed: Number(values.seed),
      say: (line) => console.error(`  ${line}`),
    })
    answer.notes.push(quiet.tell())
    answers.push(answer)
  } catch (error) {
    broken++
    console.error(`${question.name} could not be measured: ${error instanceof Error ? error.stack : error}`)
  }
}
const { cpu, cores, memoryGb, kernel, date, versions } = describeMachine([], { command: '', placement: '' })
const markdown = [
  `Measured ${date} on ${cpu}, ${cores} cores, ${memoryGb} GB, ${kernel}, Node ${versions.Node}.`,
  ...answers.map((answer) => `${toSection(answer)}\n\n${toTable(toBarTable(answer.bars))}`),
].join('\n\n')
if (values.write !== undefined) writeFileSync(values.write, `${markdown}\n`)
console.log(markdown)
process.exit(broken > 0 ? 1 : 0)
