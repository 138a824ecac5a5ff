// Owns the question: what does it cost to know who calls, and whether they may, by key, token or address?
import { createTokens } from './access-tokens.ts'
import { atMostTimes } from './bars.ts'
import { findMedian, runContest, startContestants, toContestTable, toFaultNotes } from './contest.ts'
import {
  gatewrightKey,
  gatewrightRanges,
  gatewrightToken,
  haproxyRanges,
  haproxyToken,
  nginxRanges,
} from './peers/access.ts'
import { gatewright } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx } from './peers/nginx.ts'
import type { Peer } from './peers/peer.ts'
import type { Question } from './question.ts'
import { ANSWER, startUpstream } from './upstream.ts'

const KEY = 'bench-key-6f1d2c3b4a5968778695a4b3c2d1e0f0'
const RANGES = 100_000

export const access: Question = {
  name: 'access',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const tokens = createTokens()
    const ranges = [...toRanges(RANGES)]
    const key = gatewrightKey(KEY)
    const ours = {
      rsSeen: gatewrightToken('RS256', tokens, true),
      rsUnseen: gatewrightToken('RS256', tokens, false),
      esSeen: gatewrightToken('ES256', tokens, true),
      esUnseen: gatewrightToken('ES256', tokens, false),
      ranges: gatewrightRanges(ranges),
    }
    const theirs = {
      rs: haproxyToken('RS256', tokens),
      es: haproxyToken('ES256', tokens),
      haproxyRanges: haproxyRanges(ranges),
      nginxRanges: nginxRanges(ranges),
    }
    // Everyone gets a key and a token of the same length, also those who do not look at them.
    const headers = { 'X-Api-Key': KEY, Authorization: `Bearer ${tokens.of('RS256').token}` }
    const peers = [gatewright, key, ...Object.values(ours), nginx, haproxy, ...Object.values(theirs)]
    const told = peers.map((peer): Peer => ({ ...peer, headers: { ...headers, ...peer.headers } }))
    const contestants = await startContestants(told, setting, { upstreamPort: upstream.port })
    const results = await runContest(contestants, { paths: ['/orders/1'], headers, expect: { body: ANSWER } }, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const cpu = (peer: Peer): number | undefined => findMedian(results, peer.name)?.cpuUs
    const bare = cpu(gatewright)
    return {
      title: 'Access: key, token, address',
      method: `A key is looked up; a token of ${tokens.of('RS256').token.length} bytes has its signature, issuer, audience and end checked, or was seen before; the client's address is looked for in ${RANGES} ranges and not found. Access log off, all get heads of the same length. HAProxy remembers no tokens.`,
      tables: [toContestTable(results, nginx.name)],
      bars: [
        atMostTimes('key, CPU/request, against our own bare', 1.25, { value: cpu(key), base: bare }),
        atMostTimes('RS256, seen token, CPU/request, against our own bare', 1.15, {
          value: cpu(ours.rsSeen),
          base: bare,
        }),
        atMostTimes('ES256, seen token, CPU/request, against our own bare', 1.15, {
          value: cpu(ours.esSeen),
          base: bare,
        }),
        atMostTimes('RS256, token never seen, CPU/request, against HAProxy doing the same', 2, {
          value: cpu(ours.rsUnseen),
          base: cpu(theirs.rs),
        }),
        atMostTimes('ES256, token never seen, CPU/request, against HAProxy doing the same', 2, {
          value: cpu(ours.esUnseen),
          base: cpu(theirs.es),
        }),
        atMostTimes(`${RANGES} ranges, CPU/request, against our own bare`, 1.1, {
          value: cpu(ours.ranges),
          base: bare,
        }),
      ],
      notes: toFaultNotes(results),
    }
  },
}

/** Spread over the addresses above 128.0.0.0, none of which is the bench's own; no two of them touch. */
function* toRanges(count: number): Generator<string> {
  for (let i = 0; i < count; i++) {
    const address = (128 * 2 ** 24 + i * 1024 * 16) % 2 ** 32
    yield `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${22 + (i % 8)}`
  }
}
