// Owns the question: how long does a request take when the gateway is half as busy as it could be?
import { atMostTimes, toShort } from './bars.ts'
import { type Contestant, runContest, startContestants, toMedian } from './contest.ts'
import { type Paced, runPaced } from './paced-load.ts'
import { caddy } from './peers/caddy.ts'
import { gatewright } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import type { Question, Setting } from './question.ts'
import { ANSWER, startUpstream } from './upstream.ts'

export const latency: Question = {
  name: 'latency',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const peers = [gatewright, nginx, haproxy, caddy, ...nodeProxies]
    const started = await startContestants(peers, setting, { upstreamPort: upstream.port })
    const maxima = await runContest(started, { paths: ['/orders/1'], expect: { body: ANSWER } }, setting)
    const rates = new Map<string, number>()
    for (const { name, median } of maxima) if (median) rates.set(name, median.requestsPerSecond / 2)
    // How much of the figures is the client's and the upstream's own: at the highest rate of them all.
    rates.set('direct', Math.max(...rates.values()))
    const contestants: Contestant[] = [...started, { ...upstream, name: 'direct' }]
    const { taken, faults } = await takeTurns(contestants, rates, setting)
    for (const contestant of contestants) await contestant.stop()
    const median = (name: string, key: 'p50Us' | 'p99Us'): number | undefined => {
      const values = taken.get(name)?.map((paced) => paced[key]) ?? []
      return values.length > 0 ? toMedian(values) : undefined
    }
    const toMs = (us: number | undefined): string => (us === undefined ? '–' : toShort(us / 1000))
    return {
      title: 'Latency at half of the own maximum',
      method: `The maximum is the median of wrk runs; then a client sends at half that rate, evenly, over ${setting.connections} connections, and counts from the moment a request was due (so waiting for a free connection counts).`,
      tables: [
        {
          columns: ['gateway', 'requests/s', 'p50 ms', 'p99 ms'],
          rows: [...rates].map(([name, rate]) => [
            name,
            Math.round(rate),
            toMs(median(name, 'p50Us')),
            toMs(median(name, 'p99Us')),
          ]),
        },
      ],
      bars: [
        atMostTimes('p99 at half of its own maximum load, against nginx', 2, {
          value: median(gatewright.name, 'p99Us'),
          base: median(nginx.name, 'p99Us'),
        }),
      ],
      notes: faults,
    }
  },
}

/** A run in which an answer was wrong, or the rate could not be kept, does not count. */
async function takeTurns(contestants: Contestant[], rates: Map<string, number>, setting: Setting) {
  const taken = new Map<string, Paced[]>(contestants.map(({ name }) => [name, []]))
  const faults: string[] = []
  for (let round = 1; round <= setting.rounds; round++) {
    for (const contestant of contestants) {
      const { name } = contestant
      const rate = rates.get(name)
      if (rate === undefined) continue
      const paced = await runPaced(contestant, rate, setting)
      if (paced.fault === undefined) taken.get(name)?.push(paced)
      else faults.push(`${name}, a run that did not count: ${paced.fault}`)
      setting.say(`round ${round}: ${name}: p99 ${paced.p99Us} µs at ${Math.round(rate)} requests/s`)
    }
  }
  return { taken, faults }
}
