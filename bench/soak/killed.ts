// Owns the question: of a thousand publishes that were acknowledged, is any lost, or there by halves, when processes are killed at random moments?
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@gatewright/client'
import { SqliteStore } from '@gatewright/control-plane'
import { RunningControlPlane } from '../../e2e/harness/control-plane.ts'
import { until } from '../../e2e/harness/deadline.ts'
import type { RunningGateway } from '../../e2e/harness/gateway.ts'
import { get } from '../../e2e/harness/raw-client.ts'
import { atMost } from '../bars.ts'
import type { Answer } from '../question.ts'
import { Acknowledged, type Look, PATH } from './acknowledged.ts'
import { ManyMachines } from './machines-stage.ts'
import type { SoakQuestion, SoakSetting } from './soak-question.ts'

/** A process lives so long, at least and at most. One with a gateway takes longer to be there again. */
const LIVES_MS = { one: [100, 12_000], several: [100, 8_000] } as const
/** Progress. */
const SAID_EACH = 250

const LOOKED_FOR =
  'Looked for: each acknowledged version with its revision, no gap in the versions, for each version one revision and one entry of the log, a log whose hashes add up, and that what is kept is served.'

export const killed: SoakQuestion = {
  name: 'killed',
  async ask(setting): Promise<Answer> {
    return {
      title: `${setting.publishes} acknowledged publishes on one machine, and SIGKILL at random moments`,
      method: `A control plane beside its gateway, on SQLite, killed and started again. After each kill the store is looked at before anybody else opens it. ${LOOKED_FOR} Seed ${setting.seed}.`,
      ...toFigures(await askOne(setting)),
    }
  },
}

export const killedMachines: SoakQuestion = {
  name: 'killed-machines',
  async ask(setting): Promise<Answer> {
    return {
      title: `${setting.publishes} acknowledged publishes by two control planes, and SIGKILL at random moments`,
      method: `Both publish the same API at the same time, on PostgreSQL; one of them in turns is killed and started again, while the other one goes on, and a node follows. ${LOOKED_FOR} Seed ${setting.seed}.`,
      ...toFigures(await askSeveral(setting)),
    }
  },
}

function toFigures(outcome: Outcome): Pick<Answer, 'tables' | 'bars' | 'notes'> {
  const { acknowledged, kills, broken, versions, lost, halves, refused } = outcome
  return {
    tables: [
      {
        columns: ['acknowledged', 'killed', 'broken off', 'done all the same', 'lost', 'half states', 'refused'],
        rows: [[acknowledged, kills, broken, versions - acknowledged, lost, halves.length, refused.length]],
      },
    ],
    bars: [
      atMost('acknowledged and lost', 0, { value: lost, unit: 'publishes' }),
      atMost('half states', 0, { value: halves.length, unit: 'states' }),
      atMost('refused', 0, { value: refused.length, unit: 'publishes' }),
    ],
    notes: [...halves, ...refused].slice(0, 5),
  }
}

interface Outcome {
  readonly acknowledged: number
  readonly kills: number
  readonly broken: number
  readonly versions: number
  readonly lost: number
  readonly halves: readonly string[]
  readonly refused: readonly string[]
}

/** Collects what was found at each look. */
class Findings {
  readonly acknowledged = new Acknowledged()
  kills = 0
  #last: Look = { lost: 0, halves: [], versions: 0, says: undefined }
  #lost = 0
  readonly #halves = new Set<string>()

  take(look: Look): Look {
    this.#last = look
    this.#lost = Math.max(this.#lost, look.lost)
    for (const half of look.halves) this.#halves.add(half)
    return look
  }

  /** What runs is not what is kept. */
  note(half: string): void {
    this.#halves.add(half)
  }

  toOutcome(): Outcome {
    const { count, broken, refused } = this.acknowledged
    return {
      acknowledged: count,
      kills: this.kills,
      broken,
      versions: this.#last.versions,
      lost: this.#lost,
      halves: [...this.#halves],
      refused,
    }
  }
}

async function askOne({ publishes, seed, say }: SoakSetting): Promise<Outcome> {
  const random = new Random(seed, LIVES_MS.one)
  const findings = new Findings()
  let control = await RunningControlPlane.start()
  try {
    const { client: first, token } = await control.setUp()
    await findings.acknowledged.prepare(first)
    for (let number = 0; findings.acknowledged.count < publishes; ) {
      const client = control.toClient(token)
      const { child } = control.gateway
      const timer = setTimeout(() => child.kill('SIGKILL'), random.toMs())
      while (await findings.acknowledged.publish(client, `${++number}`)) {
        if (number % SAID_EACH === 0) say(`SQLite: ${findings.acknowledged.count}, killed ${findings.kills} times`)
      }
      clearTimeout(timer)
      await control.kill()
      findings.kills++
      const { says } = findings.take(await lookAt(join(control.data, 'control.db'), findings.acknowledged))
      control = await RunningControlPlane.start({ data: control.data })
      await compare(control.gateway, says, findings)
    }
    return findings.toOutcome()
  } finally {
    await control.remove()
  }
}

async function lookAt(file: string, acknowledged: Acknowledged): Promise<Look> {
  const store = await SqliteStore.open({ file, onFault: console.error })
  try {
    return await acknowledged.look(store)
  } finally {
    await store.close()
  }
}

async function askSeveral({ publishes, seed, say }: SoakSetting): Promise<Outcome> {
  const random = new Random(seed, LIVES_MS.several)
  const findings = new Findings()
  const stage = await ManyMachines.start({ nodes: 1 })
  try {
    const [first, ...others] = await stage.toClients()
    if (first === undefined) throw new Error('there is no control plane')
    await findings.acknowledged.prepare(first)
    let isOver = false
    const publishing = [first, ...others].map((client, index) =>
      publishOn(client, { name: `${index}`, isOver: () => isOver }),
    )
    async function publishOn(client: Client, { name, isOver }: { name: string; isOver(): boolean }): Promise<void> {
      for (let number = 0; !isOver(); ) {
        // It is gone for a while.
        if (!(await findings.acknowledged.publish(client, `${name}.${++number}`))) await sleep(50)
      }
    }
    for (let said = SAID_EACH; findings.acknowledged.count < publishes; ) {
      await sleep(random.toMs())
      await stage.killControl(findings.kills++ % stage.controls.length)
      findings.take(await findings.acknowledged.look(stage.kept.store))
      if (findings.acknowledged.count < said) continue
      said += SAID_EACH
      say(`PostgreSQL: ${findings.acknowledged.count}, killed ${findings.kills} times`)
    }
    isOver = true
    await Promise.all(publishing)
    const { says } = findings.take(await findings.acknowledged.look(stage.kept.store))
    const [node] = stage.nodes
    if (node !== undefined) await compare(node, says, findings)
    return findings.toOutcome()
  } finally {
    await stage.end()
  }
}

/** What is kept is what is served. */
async function compare(gateway: RunningGateway, says: string | undefined, findings: Findings): Promise<void> {
  const read = async (): Promise<string | undefined> => {
    const { status, body } = await get(gateway.port, PATH)
    return status === 200 ? body.toString() : undefined
  }
  try {
    await until(async () => (await read()) === says || undefined, 'what is kept to be served', 10_000)
  } catch {
    findings.note(`"${says}" is kept, and "${await read()}" is served`)
  }
}

/** The same moments for the same seed: xorshift32. */
class Random {
  #state: number
  readonly #shortestMs: number
  readonly #longestMs: number

  constructor(seed: number, [shortestMs, longestMs]: readonly [number, number]) {
    // Zero would stay zero.
    this.#state = seed | 1
    this.#shortestMs = shortestMs
    this.#longestMs = longestMs
  }

  toMs(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return this.#shortestMs + (this.#longestMs - this.#shortestMs) * ((this.#state >>> 0) / 2 ** 32)
  }
}
