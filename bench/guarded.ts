// Owns the question: what does a request cost that is guarded: key, rate limit, metrics and access log?
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { atMostTimes } from './bars.ts'
import { findMedian, runContest, startContestants, toContestTable, toFaultNotes } from './contest.ts'
import { findGatewrightVersion, gatewright, startGatewright, toPlainParts } from './peers/gatewright.ts'
import { nginx } from './peers/nginx.ts'
import { type Guard, nginxLua } from './peers/nginx-lua.ts'
import { defineNodeProxy } from './peers/node-proxies.ts'
import type { Peer } from './peers/peer.ts'
import type { Question } from './question.ts'
import { ANSWER, startUpstream } from './upstream.ts'

// So high that no run of the bench is ever refused: 2^24 - 1 a minute is four times what two cores can do.
const GUARD: Guard = { key: 'bench-key-6f1d2c3b4a5968778695a4b3c2d1e0f0', limit: 2 ** 24 - 1, windowSeconds: 60 }

const gatewrightGuarded: Peer = {
  name: 'Gatewright, guarded',
  headers: { 'X-Api-Key': GUARD.key },
  findVersion: findGatewrightVersion,
  start(given) {
    const hash = `sha256:${createHash('sha256').update(GUARD.key).digest('hex')}`
    const policies = [
      { policy: 'key-auth', options: { in: 'header', name: 'X-Api-Key' } },
      { policy: 'rate-limit', options: { limit: GUARD.limit, windowSeconds: GUARD.windowSeconds } },
    ]
    return startGatewright(given, {
      ...toPlainParts(given.upstreamPort, { api: { policies }, apps: [{ id: 'acme', keys: [{ hash }] }] }),
      accessLog: { file: join(given.dir, 'access.log') },
    })
  },
}

const fastifyGuarded: Peer = {
  ...defineNodeProxy('@fastify/http-proxy', 'fastify.ts', {
    GUARDED: GUARD.key,
    LIMIT: String(GUARD.limit),
    LOG: 'access.log',
  }),
  name: '@fastify/http-proxy, guarded',
  headers: { 'X-Api-Key': GUARD.key },
}

export const guarded: Question = {
  name: 'guarded',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const lua = nginxLua(GUARD)
    const peers = [gatewright, gatewrightGuarded, nginx, lua, fastifyGuarded]
    const contestants = await startContestants(peers, setting, { upstreamPort: upstream.port })
    // Everyone gets the key, also those who do not look at it: the heads must be equally long.
    const load = { paths: ['/orders/1'], headers: { 'X-Api-Key': GUARD.key }, expect: { body: ANSWER } }
    const results = await runContest(contestants, load, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const cpu = (peer: Peer): number | undefined => findMedian(results, peer.name)?.cpuUs
    const value = cpu(gatewrightGuarded)
    return {
      title: 'Guarded: key, rate limit, metrics and access log',
      method:
        'Guarded ones look the key up, count it in a window, send the RateLimit fields, count status and duration, and write one JSON line per request to a file. All get the same head.',
      tables: [toContestTable(results, nginx.name)],
      bars: [
        atMostTimes('guarded, CPU/request, against our own bare', 1.25, { value, base: cpu(gatewright) }),
        atMostTimes('guarded, CPU/request, against bare nginx', 2.0, { value, base: cpu(nginx) }),
        atMostTimes('stretch: guarded, CPU/request, against nginx + Lua doing the same', 1.0, {
          value,
          base: cpu(lua),
        }),
      ],
      notes: toFaultNotes(results),
    }
  },
}
