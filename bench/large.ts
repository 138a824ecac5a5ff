// Owns the question: how many bytes of large answers does a second of CPU carry?
import { atLeastTimes, toShort } from './bars.ts'
import { findMedian, runContest, startContestants, toFaultNotes } from './contest.ts'
import { gatewright } from './peers/gatewright.ts'
import { haproxy } from './peers/haproxy.ts'
import { NGINX_PROXY, nginx, startNginxProxy } from './peers/nginx.ts'
import { nodeProxies } from './peers/node-proxies.ts'
import type { Peer } from './peers/peer.ts'
import type { Question } from './question.ts'
import { LARGE_BYTES, LARGE_PATH, startUpstream } from './upstream.ts'

// Few connections: 64 answers of 1 MiB at once would measure the load's memory.
const CONNECTIONS = 8

// nginx at its best for large answers: it never spills to a temp file and moves 64 KiB at a time.
const TUNED = 'proxy_max_temp_file_size 0; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;'
const nginxTuned: Peer = {
  ...nginx,
  name: 'nginx, 64 KiB buffers',
  start: (given) => startNginxProxy(given, `location / { ${TUNED} ${NGINX_PROXY} }`),
}

export const large: Question = {
  name: 'large',
  async ask(setting) {
    const upstream = await startUpstream({ dir: setting.dir, cores: setting.loadCores })
    const peers = [gatewright, nginx, nginxTuned, haproxy, ...nodeProxies]
    const contestants = await startContestants(peers, setting, { upstreamPort: upstream.port, path: LARGE_PATH })
    const load = { paths: [LARGE_PATH], expect: { bodyBytes: LARGE_BYTES }, connections: CONNECTIONS }
    const results = await runContest(contestants, load, setting)
    for (const contestant of contestants) await contestant.stop()
    await upstream.stop()
    const perCpuSecond = (name: string): number | undefined => {
      const median = findMedian(results, name)
      return median && median.bytes / median.cpuSeconds / 1e6
    }
    const base = perCpuSecond(nginx.name)
    return {
      title: '1 MiB answers',
      method: `${CONNECTIONS} connections, answers of 1 MiB with Content-Length; nginx with its default buffers, which is what the bar means, and tuned.`,
      tables: [
        {
          columns: ['gateway', 'MB per CPU second', '× nginx', 'MB/s', 'RSS MB'],
          rows: results.map(({ name, median }) => {
            const value = perCpuSecond(name)
            if (median === undefined || value === undefined) return [name, '–', '–', '–', '–']
            const ratio = base ? toShort(value / base) : '–'
            return [
              name,
              Math.round(value),
              ratio,
              Math.round(median.bytes / median.seconds / 1e6),
              Math.round(median.memoryMb),
            ]
          }),
        },
      ],
      bars: [
        atLeastTimes('1 MiB answers, bytes per CPU second, against nginx', 0.7, {
          value: perCpuSecond(gatewright.name),
          base,
        }),
        atLeastTimes('stretch: 1 MiB answers, bytes per CPU second, against nginx', 1.0, {
          value: perCpuSecond(gatewright.name),
          base,
        }),
      ],
      notes: toFaultNotes(results),
    }
  },
}
