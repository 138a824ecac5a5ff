// Owns the question: what does a call of gRPC cost that has one message each way?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atMostTimes } from './bars.ts'
import { findMedian, startContestants, takeTurns, toContestTable, toFaultNotes } from './contest.ts'
import { runH2Load } from './h2-load.ts'
import { caddyGrpc, gatewrightGrpc, nginxGrpc } from './peers/grpc.ts'
import { start } from './processes.ts'
import type { Question } from './question.ts'

const CALLS_A_SECOND = 6000
const STREAMS = 4
const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 64]), Buffer.alloc(64, 'x')])
const HEADERS = { 'content-type': 'application/grpc', te: 'trailers', 'grpc-accept-encoding': 'identity,deflate,gzip' }

export const grpc: Question = {
  name: 'grpc',
  async ask(setting) {
    const upstream = start(process.execPath, [join(import.meta.dirname, 'servers', 'grpc-upstream.ts')], {
      dir: setting.dir,
      name: 'grpc-upstream',
      cores: setting.loadCores,
    })
    const upstreamPort = await readPort(() => upstream.output())
    const bodyFile = join(setting.dir, 'message')
    writeFileSync(bodyFile, MESSAGE)
    const contestants = await startContestants([gatewrightGrpc, nginxGrpc, caddyGrpc], setting, {
      upstreamPort,
      scheme: 'https',
    })
    const results = await takeTurns(contestants, setting, ({ pid, port }, seconds) =>
      runH2Load(pid, {
        url: `https://localhost:${port}/orders.Orders/Get`,
        requests: seconds * CALLS_A_SECOND,
        connections: setting.connections / STREAMS,
        streams: STREAMS,
        headers: HEADERS,
        bodyFile,
        cores: setting.loadCores,
      }),
    )
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const cpu = (name: string): number | undefined => findMedian(results, name)?.cpuUs
    return {
      title: 'gRPC, unary calls',
      method: `h2load, ${setting.connections / STREAMS} connections over TLS with ${STREAMS} calls in flight each; ${MESSAGE.length} octets there, 106 and trailers back; HTTP/2 without TLS to the service; ${setting.threads} thread(s) each. p50 is h2load's mean.`,
      tables: [toContestTable(results, nginxGrpc.name)],
      bars: [
        atMostTimes('gRPC unary, CPU/call, against nginx', 2.5, {
          value: cpu(gatewrightGrpc.name),
          base: cpu(nginxGrpc.name),
        }),
        atMostTimes('gRPC unary, CPU/call, against Caddy', 0.6, {
          value: cpu(gatewrightGrpc.name),
          base: cpu(caddyGrpc.name),
        }),
      ],
      notes: toFaultNotes(results),
    }
  },
}

async function readPort(output: () => string): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = /^(\d+)$/m.exec(output())?.[1]
    if (port !== undefined) return Number(port)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the service did not start: ${output()}`)
}
