import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ControlPlane, type ControlPlaneSettings } from './control-plane.ts'
import { PortRefusal } from './http/port-refusal.ts'
import { openSocket, readAll } from './testing/raw-socket.ts'

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

describe('a control plane that ends', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-control-'))
  after(() => rmSync(folder, { recursive: true }))
  const open = async (name: string) =>
    await ControlPlane.open({ database: join(folder, name), host: 'localhost', port: 0 }, { log })

  /** The first account, but for the last letter of its request. */
  async function beginSetUp({ address }: ControlPlane) {
    const account = { email: 'ann@example.com', name: 'Ann', password: 'seven grey herons over the weir' }
    const body = JSON.stringify({ secret: address.setUpSecret, ...account })
    const socket = openSocket(address.port)
    const head = `POST /api/v1/set-up HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    socket.write(head + body.slice(0, -1))
    return { socket, last: body.slice(-1) }
  }

  it('answers first what is under way, and keeps what it acknowledged', async () => {
    const control = await open('under-way.db')
    const { socket, last } = await beginSetUp(control)
    const answer = readAll(socket)
    while (!(await answersBeside(control)));
    const closing = control.close()
    while (await answersBeside(control));
    socket.write(last)
    const text = await answer
    assert.match(text, /^HTTP\/1\.1 201 /)
    assert.match(text, /\r\nconnection: close\r\n/i)
    assert.equal(await closing, 0)
    const again = await open('under-way.db')
    assert.equal(again.address.setUpSecret, undefined)
    await again.close()
  })
})

/** The server has seen by then what came before. */
async function answersBeside({ address }: ControlPlane): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${address.port}/login`, { headers: { connection: 'close' } }).then(
    async (answer) => (await answer.text()) !== '' && answer.ok,
    () => false,
  )
}
