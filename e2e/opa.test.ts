/** Owns the proof that a real gateway obeys rules of OPA: compiled ones on every thread, and those of a real server. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findProblemCode } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { findPeer, getPath, toSkip } from './harness/peers.ts'
import { exchange } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const RULES = join(import.meta.dirname, '../packages/policies/src/opa/cases')

/** Each API has an OPA's rules as its only policy. */
const toYaml = (upstream: string, rules: Readonly<Record<string, string>>): string => `gatewright: 1
accessLog: off
apis:${Object.entries(rules)
  .map(
    ([id, given]) => `
  - id: ${id}
    basePath: /${id}
    stripBasePath: false
    upstream: ${upstream}
    policies: [{ policy: opa, options: { rules: ${given}, upstreamFields: [X-Tenant] } }]
    routes: [{ id: rest, path: "/{rest+}" }]`,
  )
  .join('')}
`

/** On a connection of its own, which lands on either thread. */
async function say(port: number, line: string): Promise<string> {
  const answer = await exchange(port, `${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
  return `${answer.status} ${findProblemCode(answer) ?? 'passes'}`
}

describe('compiled rules of OPA', () => {
  const compiled = (entrypoint: string) => `{ file: ${RULES}/rules.tar.gz, entrypoint: gatewright/test/${entrypoint} }`
  const stage = stageGateway((url) => ({
    threads: 2,
    yaml: toYaml(url, { public: compiled('allow'), ruled: compiled('decision') }),
  }))

  it('decide, on every thread', async () => {
    const { port } = stage.gateway
    for (let at = 0; at < 8; at++) {
      assert.equal(await say(port, 'GET /public/x'), '200 passes')
      assert.equal(await say(port, 'DELETE /public/x'), '403 access-denied')
      assert.equal(await say(port, 'GET /ruled/x'), '403 access-denied')
    }
  })
})

const opa = await findPeer('opa')

describe('a real server of OPA', { skip: toSkip(opa) }, () => {
  let server: ReturnType<typeof spawn>
  const stage = stageGateway(async (url) => {
    const port = await findFreePort()
    const args = ['run', '--server', '--addr', `127.0.0.1:${port}`, join(RULES, 'rules.rego'), join(RULES, 'data.json')]
    server = spawn(getPath(opa), args, { stdio: 'ignore' })
    stage.also({ close: () => server.kill('SIGKILL') })
    const isHealthy = () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      )
    await until(isHealthy, 'OPA')
    const asked = (rule: string) => `{ url: "http://127.0.0.1:${port}", path: gatewright/test/${rule} }`
    const rules = ['allow', 'decision', 'listed', 'none'].map((rule) => [rule, asked(rule)])
    return toYaml(url, Object.fromEntries(rules) as Record<string, string>)
  })

  it('decides, and lets nobody pass where it fails or is gone', async () => {
    const { port } = stage.gateway
    assert.equal(await say(port, 'GET /listed/a'), '200 passes')
    assert.equal(await say(port, 'GET /allow/a'), '403 access-denied')
    assert.equal(await say(port, 'GET /decision/a'), '403 access-denied')
    assert.equal(await say(port, 'GET /none/a'), '403 access-denied')
    assert.equal(await say(port, 'GET /listed/a'), '200 passes')
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await within(gone, 'OPA to end')
    assert.equal(await say(port, 'GET /listed/a'), '503 verifier-unavailable')
  })
})
