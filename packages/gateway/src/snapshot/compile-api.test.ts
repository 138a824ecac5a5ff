import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Rehearsal } from '../rehearsal/rehearsal.ts'
import { loadConfiguration } from './load.ts'

// SHA-256 of "k".
const KEY = '8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a'

function configure(list: string, plans: string): string {
  return `gatewright: 1
${plans}
apis:
  - id: a
    policies: [${list}]
    routes: [{ path: /x, policies: [{ policy: respond, options: { status: 204 } }] }]
apps: [{ id: acme, plan: gold, keys: [{ hash: "sha256:${KEY}" }] }]
`
}

const GOLD = 'plans: [{ id: gold, policies: [{ policy: rate-limit, options: { limit: 5, windowSeconds: 60 } }] }]'

async function listRan(list: string, plans = GOLD): Promise<readonly string[]> {
  const config = { path: 'gatewright.yaml', text: configure(list, plans) }
  const { model, apps, extensions, findings } = await loadConfiguration({ config })
  assert.ok(model !== undefined, JSON.stringify(findings))
  const log = { info() {}, warn() {}, error() {} }
  const rehearsal = await Rehearsal.create({ model, apps, extensions, log, startMs: Date.UTC(2026, 0, 1) })
  const bytes = Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n\r\n')
  const { policies, answer } = await rehearsal.send({ bytes, method: 'GET' })
  assert.equal(answer?.status, 204)
  return policies
}

describe("the policies of a caller's plan", () => {
  it('run right behind what authenticates, unless their place is said', async () => {
    assert.deepEqual(await listRan('{ policy: key-auth }, { policy: set-headers, options: { set: { X-A: b } } }'), [
      'key-auth',
      'plan',
      'rate-limit',
      'set-headers',
      'respond',
    ])
  })

  it('run where `{ policy: plan }` stands, and once', async () => {
    assert.deepEqual(
      await listRan('{ policy: key-auth }, { policy: set-headers, options: { set: { X-A: b } } }, { policy: plan }'),
      ['key-auth', 'set-headers', 'plan', 'rate-limit', 'respond'],
    )
  })

  it('run where the condition of their place holds', async () => {
    assert.deepEqual(await listRan('{ policy: key-auth }, { policy: plan, when: "request.method == \'PUT\'" }'), [
      'key-auth',
      'respond',
    ])
  })
})
