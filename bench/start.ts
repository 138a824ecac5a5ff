// Owns the question: how long from starting the process to the first proxied answer?
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { atMost } from './bars.ts'
import { toMedian } from './contest.ts'
import { caddy } from './peers/caddy.ts'
import { findGatewrightVersion, gatewright, startGatewrightCommand } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import type { Peer } from './peers/peer.ts'
import { ask, type Running, waitUntilAnswering } from './processes.ts'
import type { Question, Setting } from './question.ts'
import { startUpstream } from './upstream.ts'

export const start: Question = {
  name: 'start',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir })
    const free = { ...setting, gatewayCores: undefined } // starting uses all cores there are
    const quickstarts: number[] = []
    const peers: Peer[] = [gatewright, nginx, haproxy, caddy, ...nodeProxies]
    const times = new Map<string, number[]>(peers.map((peer) => [peer.name, []]))
    for (let round = 1; round <= setting.rounds; round++) {
      for (const peer of peers) {
        const took = await measureStart(peer, free, upstream.port)
        if (took !== undefined) times.get(peer.name)?.push(took)
      }
      const quickstart = await measureQuickstart(free)
      if (quickstart !== undefined) quickstarts.push(quickstart)
    }
    await upstream.stop()
    const rows = [['Gatewright, quickstart example', quickstarts] as const, ...times].map(([name, taken]) =>
      taken.length === 0 ? [name, '–', '–'] : [name, Math.round(toMedian([...taken])), Math.round(Math.max(...taken))],
    )
    return {
      title: 'Start to first proxied answer',
      method: 'From spawning the process to the end of the first 200 that came from an upstream, asked for every 5 ms.',
      tables: [{ columns: ['gateway', 'median ms', 'slowest ms'], rows }],
      bars: [
        atMost('start to first proxied request, embedded default', 1000, {
          value: quickstarts.length > 0 ? toMedian(quickstarts) : undefined,
          unit: 'ms',
        }),
      ],
      notes: [],
    }
  },
}

async function measureStart(peer: Peer, setting: Setting, upstreamPort: number): Promise<number | undefined> {
  if (peer.findVersion() === undefined) return undefined
  const port = await findFreePort()
  const began = performance.now()
  const running = await peer.start({ upstreamPort, port, dir: setting.dir, threads: setting.threads })
  try {
    await waitUntilAnswering(running, `http://127.0.0.1:${port}/`)
    return performance.now() - began
  } catch (error) {
    setting.say(`${peer.name} did not start: ${error instanceof Error ? error.message : error}`)
    return undefined
  } finally {
    await running.stop()
  }
}

/** Starts the example that `npm start` runs, and asks for the first URL it prints. */
async function measureQuickstart(setting: Setting): Promise<number | undefined> {
  if (findGatewrightVersion() === undefined) return undefined
  const given = { upstreamPort: 0, port: await findFreePort(), dir: setting.dir, threads: setting.threads }
  const began = performance.now()
  const running = await startGatewrightCommand(given, ['--example', 'quickstart', '--port', String(given.port)])
  try {
    const printed = running.output().length
    const answered = await waitForPrintedUrl(running, printed)
    if (answered === undefined) {
      setting.say(`the quickstart did not answer. Printed:\n${running.output().slice(-1000)}`)
      return undefined
    }
    return answered - began
  } finally {
    await running.stop()
  }
}

async function waitForPrintedUrl(running: Running, from: number): Promise<number | undefined> {
  const deadline = performance.now() + 20_000
  while (performance.now() < deadline) {
    const url = /curl\s[^\n]*?(http:\/\/[^\s'"]+)/.exec(running.output().slice(from))?.[1]
    try {
      if (url !== undefined && (await ask(url)).status === 200) return performance.now()
    } catch {
      // Not listening yet.
    }
    await sleep(5)
  }
  return undefined
}
