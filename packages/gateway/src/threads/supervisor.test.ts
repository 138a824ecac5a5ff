/** Owns the proof of what a supervisor does where nobody waits between two snapshots. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, resolve } from '@gatewright/model'
import { probePort } from './probe-port.ts'
import { Supervisor } from './supervisor.ts'

const LOG = { info() {}, warn() {}, error() {} }

function toModel(port: number): GatewayModel {
  const text = JSON.stringify({
    gatewright: 1,
    accessLog: 'off',
    listeners: [{ id: 'public', host: '127.0.0.1', port }],
    apis: [{ id: 'a', upstream: 'http://127.0.0.1:9' }],
  })
  return resolve({ files: [{ path: 'a.json', text }], env: () => undefined, readFile: () => undefined }).draft
}

describe('a supervisor', () => {
  it('gives a listener back that was taken out a moment ago', async () => {
    const supervisor = new Supervisor({ threads: 2, log: LOG })
    const given = { apps: [], extensions: [] }
    const ports = [await probePort({ host: '127.0.0.1', port: 0 }), await probePort({ host: '127.0.0.1', port: 0 })]
    try {
      for (const turn of [0, 1, 0, 1, 0, 1]) await supervisor.publish(toModel(ports[turn] ?? 0), given)
      assert.deepEqual(
        supervisor.threads.map(({ version }) => version),
        [6, 6],
      )
    } finally {
      await supervisor.stop(0)
      supervisor.state.close()
    }
  })
})
