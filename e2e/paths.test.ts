/** Owns the proof that a path means one route, the same one for us and for the upstream. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PATH_CASES, PATH_ROUTES } from '../packages/gateway/src/http1/cases/paths.ts'
import { findField, findProblemCode } from './harness/answer.ts'
import { exchange } from './harness/raw-client.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

/** Each route's upstream has its own prefix, so what is forwarded tells which route it was. */
function configure(url: string): string {
  const routes = Object.entries(PATH_ROUTES).map(
    ([id, path]) => `      - { id: ${id}, path: "${path}", upstream: "${url}/${id}" }`,
  )
  return `gatewright: 1\naccessLog: off\napis:\n  - id: paths\n    basePath: /\n    routes:\n${routes.join('\n')}\n`
}

describe('paths', () => {
  const stage = stageGateway(configure)

  for (const { name, target, expect } of PATH_CASES) {
    it(`${name}: ${typeof expect === 'string' ? expect : expect.route}`, async () => {
      for (const delivery of ['whole', 'bytes'] as const) {
        const answer = await exchange(stage.gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, { delivery })
        if (typeof expect === 'string') {
          assert.deepEqual([answer.status, findProblemCode(answer)], [400, expect], answer.body.toString())
        } else {
          assert.equal(answer.status, 200, answer.body.toString())
          const saw = parseTestimony(findField(answer, 'x-saw') ?? '')
          assert.equal(saw.target, `/${expect.route}${expect.forwarded}`)
        }
      }
    })
  }
})
