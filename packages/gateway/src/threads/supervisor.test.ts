/** Owns the proof of what a supervisor does where nobody waits between two snapshots. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type GatewayModel, resolve } from '@gatewright/model'
import { NO_BATCH } from '../certificates/certificate-shelf.ts'
import { Pepper } from '../state/credentials/pepper.ts'
import { probePort } from './probe-port.ts'
import { Supervisor } from './supervisor.ts'

const LOG = { info() {}, warn() {}, error() {} }

const GIVEN = {
  apps: [],
  extensions: [],
  pems: new Map<string, string>(),
  files: new Map(),
  certificates: NO_BATCH,
  orders: [],
}

/** Says on its thread, while a snapshot is prepared there, that it is. */
const TELL = {
  specifier: 'file:///nowhere/tell.mjs',
  hash: 'tell',
  files: {
    'file:///nowhere/tell.mjs': {
      format: 'module',
      text: `import { definePolicy, z } from '@gatewright/policies'
        export const tell = definePolicy({
          name: 'tell', phase: 'observe', summary: 'Tells.', options: z.strictObject({}),
          create: (_, { log }) => (log.info('prepares'), (exchange, next) => next(exchange)),
        })`,
    },
  },
}

function toModel(port: number, host = '127.0.0.1', policies: readonly object[] = []): GatewayModel {
  const text = JSON.stringify({
    gatewright: 1,
    accessLog: 'off',
    listeners: [{ id: 'public', host, port }],
    apis: [{ id: 'a', upstream: 'http://127.0.0.1:9', policies }],
  })
  return resolve({ files: [{ path: 'a.json', text }], env: () => undefined, readFile: () => undefined }).draft
}

describe('a supervisor', () => {
  it('gives a listener back that was taken out a moment ago', async () => {
    const supervisor = new Supervisor({ threads: 2, log: LOG })
    const ports = [await probePort({ host: '127.0.0.1', port: 0 }), await probePort({ host: '127.0.0.1', port: 0 })]
    try {
      for (const turn of [0, 1, 0, 1, 0, 1]) await supervisor.publish(toModel(ports[turn] ?? 0), GIVEN)
      assert.deepEqual(
        supervisor.threads.map(({ version }) => version),
        [6, 6],
      )
    } finally {
      await supervisor.stop(0)
      supervisor.state.close()
    }
  })

  it('leaves no port bound behind where the keys of a snapshot cannot be taken over', async () => {
    const pepper = new Pepper({ env: { GATEWRIGHT_PEPPER: 'too short' } })
    const supervisor = new Supervisor({ threads: 1, log: LOG, pepper })
    const port = await probePort({ host: '127.0.0.1', port: 0 })
    // As a start finds them that opens what a start with another pepper kept.
    const text = JSON.stringify({ gatewright: 1, apps: [{ id: 'a', keys: [{ value: 'weak' }] }] })
    const hashKey = new Pepper().hashKey
    const files = [{ path: 'a.json', text }]
    const { apps } = resolve({ files, env: () => undefined, readFile: () => undefined, hashKey })
    try {
      for (let attempt = 0; attempt < 2; attempt++)
        await assert.rejects(supervisor.publish(toModel(port), { ...GIVEN, apps }), /GATEWRIGHT_PEPPER/)
      assert.equal((await supervisor.publish(toModel(port), GIVEN)).hash, supervisor.threads[0]?.hash)
    } finally {
      await supervisor.stop(0)
      supervisor.state.close()
    }
  })

  for (const when of ['before it is prepared', 'while it is prepared']) {
    it(`commits nothing that is published when it drains ${when}`, async () => {
      const info = (message: string): void => {
        if (message === 'prepares') supervisor.drain()
      }
      const supervisor = new Supervisor({ threads: 2, log: { ...LOG, info } })
      const port = await probePort({ host: '127.0.0.1', port: 0 })
      try {
        const { version } = await supervisor.publish(toModel(port), GIVEN)
        const other = await probePort({ host: '127.0.0.1', port: 0 })
        const published = supervisor.publish(toModel(other, '127.0.0.1', [{ policy: 'tell' }]), {
          ...GIVEN,
          extensions: [TELL],
        })
        if (when === 'before it is prepared') supervisor.drain()
        await assert.rejects(published, /the gateway is ending/)
        assert.deepEqual([supervisor.isDraining, supervisor.snapshot?.version], [true, version])
        assert.deepEqual(
          supervisor.threads.map((thread) => thread.version),
          [version, version],
        )
      } finally {
        await supervisor.stop(0)
        supervisor.state.close()
      }
    })
  }

  for (const hosts of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['0.0.0.0', '127.0.0.1'],
  ]) {
    it(`shares ${hosts[0]} with no other that starts on ${hosts[1]} before it has bound it`, async () => {
      const port = await probePort({ host: '127.0.0.1', port: 0 })
      const both = hosts.map(() => new Supervisor({ threads: 2, log: LOG }))
      try {
        const started = []
        for (const [index, each] of both.entries()) {
          started.push(each.publish(toModel(port, hosts[index]), GIVEN))
          // As long as it takes to look whether a port is free; until it is bound, a thread has to be started.
          for (let i = 0; i < 3; i++) await probePort({ host: '127.0.0.1', port: 0 })
        }
        const ends = await Promise.allSettled(started)
        const faults = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
        assert.equal(faults.length, 1, 'one serves')
        assert.match(faults[0] ?? '', /EADDRINUSE/)
      } finally {
        for (const each of both) {
          await each.stop(0)
          each.state.close()
        }
      }
    })
  }
})
