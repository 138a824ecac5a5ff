/** Owns the proof that APIs of several environments run in one gateway, each with variables of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const api = (environment: string, variables: string): string => `
  - id: orders-${environment}
    basePath: /${environment}
    environment: ${environment}
    variables: ${variables}
    policies:
      - { policy: set-headers, options: { on: response, set: { X-Where: "\${environment} \${variables.region} \${variables.team}" } } }
      - { policy: respond, when: 'environment == "dev" && variables.region == "lab"', options: { status: 203, body: only here } }
      - { policy: respond, options: { status: 200, body: hello } }
    errors: { route-not-found: { body: "none in \${environment}, \${variables.region}" } }
    routes: [{ id: a, path: /a }]`

describe('environments', () => {
  const stage = stageGateway(
    () => `gatewright: 1
accessLog: off
variables: { region: everywhere, team: shop }
apis:${api('dev', '{ region: lab }')}${api('prod', '{}')}
`,
  )

  it('have their own variables before those of the gateway, in texts, conditions and error shapes', async () => {
    const { port } = stage.gateway
    const dev = await get(port, '/dev/a')
    assert.deepEqual([dev.status, findField(dev, 'x-where')], [203, 'dev lab shop'])
    const prod = await get(port, '/prod/a')
    assert.deepEqual([prod.status, findField(prod, 'x-where')], [200, 'prod everywhere shop'])
    assert.equal((await get(port, '/dev/none')).body.toString(), 'none in dev, lab')
    assert.equal((await get(port, '/prod/none')).body.toString(), 'none in prod, everywhere')
  })
})
