// Owns the question: how fast does `gatewright test` run a thousand of its users' cases?
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { atMost } from './bars.ts'
import { toMedian } from './contest.ts'
import { GATEWRIGHT_COMMAND, toFile, toPlainParts } from './peers/gatewright.ts'
import type { Question } from './question.ts'

const CASES = 1000

export const cases: Question = {
  name: 'cases',
  async ask(setting) {
    const config = join(setting.dir, 'gatewright.yaml')
    const file = join(setting.dir, 'tests.yaml')
    writeFileSync(config, toFile(8080, toConfiguration()))
    writeFileSync(file, JSON.stringify({ cases: Array.from({ length: CASES }, (_, index) => toCase(index)) }, null, 1))
    const seconds: number[] = []
    for (let round = 1; round <= setting.rounds; round++) {
      const began = performance.now()
      const args = [GATEWRIGHT_COMMAND, 'test', '--config', config, '--json', file]
      const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })
      const { passed } = JSON.parse(stdout)
      if (passed !== CASES) throw new Error(`${passed} of ${CASES} cases passed`)
      seconds.push((performance.now() - began) / 1000)
      setting.say(`round ${round}: ${seconds.at(-1)?.toFixed(2)} s`)
    }
    return {
      title: 'A thousand cases of `gatewright test`',
      method:
        'From starting the command to its end: key and rate limit before one route; cases that are forwarded, refused for want of a key and not found, in turn.',
      tables: [],
      bars: [atMost('1 000 cases of `gatewright test`', 5, { value: toMedian(seconds), unit: 's' })],
      notes: [],
    }
  },
}

function toConfiguration() {
  const policies = [
    { policy: 'key-auth', options: { in: 'header', name: 'X-Api-Key' } },
    { policy: 'rate-limit', options: { limit: CASES, windowSeconds: 60 } },
  ]
  const routes = [{ id: 'order', methods: ['GET'], path: '/orders/{id}' }]
  // The SHA-256 of "open-sesame".
  const hash = 'sha256:d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7'
  return toPlainParts(9001, { api: { policies, routes }, apps: [{ id: 'acme', keys: [{ hash }] }] })
}

/** In turn: forwarded, refused for want of a key, not found. */
function toCase(index: number) {
  const name = `case ${index}`
  const headers = { 'X-Api-Key': 'open-sesame' }
  const kinds = [
    {
      request: { path: `/orders/${index}?page=2`, headers },
      upstream: { status: 200, json: { id: index } },
      expect: { status: 200, json: { id: index }, upstream: { path: `/orders/${index}?page=2` } },
    },
    { request: `GET /orders/${index}`, expect: { status: 401, upstream: false } },
    { request: { path: `/unknown/${index}`, headers }, expect: { status: 404, upstream: false } },
  ]
  return { name, ...kinds[index % kinds.length] }
}
