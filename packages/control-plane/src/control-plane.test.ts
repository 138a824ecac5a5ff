import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ControlPlane, type ControlPlaneSettings } from './control-plane.ts'
import { PortRefusal } from './http/port-refusal.ts'

const log = { info() {}, warn() {}, error: assert.fail }

describe('a control plane that cannot start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-control-'))
  after(() => rmSync(folder, { recursive: true }))
  const open = async (name: string, given: Partial<ControlPlaneSettings> = {}) =>
    await ControlPlane.open({ database: join(folder, name), host: '127.0.0.1', port: 0, ...given }, { log })

  it('says of its port alone that the port cannot be had', async () => {
    const running = await open('running.db')
    const { port } = running.address
    try {
      await assert.rejects(open('taken.db', { port }), PortRefusal)
      await assert.rejects(open('nowhere.db', { host: 'nowhere.invalid' }), PortRefusal)
      await assert.rejects(open('running.db'), { name: 'StoreRefusal' })
    } finally {
      await running.close()
    }
  })

  it('lets go of its store', async () => {
    const tls = { cert: 'none', key: 'none' }
    await assert.rejects(open('free.db', { tls }), /PEM/)
    await assert.rejects(open('free.db', { host: 'nowhere.invalid' }), PortRefusal)
    await (await open('free.db')).close()
  })
})
