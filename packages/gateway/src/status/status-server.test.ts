import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { GatewayProcess } from '../main.ts'
import { StatusServer } from './status-server.ts'

const LOG = { info() {}, warn() {}, error() {} }
/** More than any bound that a status port may have. */
const CROWD = 400

describe('a status port', () => {
  let gateway: GatewayProcess
  let server: StatusServer
  let port: number
  const opened: Socket[] = []

  before(async () => {
    gateway = new GatewayProcess({ config: 'none.yaml', threads: 1, log: LOG })
    server = new StatusServer(gateway, 'status')
    port = await server.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    for (const socket of opened) socket.destroy()
    server.close()
    gateway.close()
    await gateway.supervisor.stop(0)
  })

  /** Says what was begun, and ends it never. */
  async function begin(text: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    opened.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }

  /** What came until the other side ended. */
  async function readAll(socket: Socket): Promise<string> {
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    await once(socket, 'close')
    return text
  }

  it('makes room for whoever comes when it is full, by ending those that are open longest', async () => {
    const crowd: Promise<string>[] = []
    for (let i = 0; i < CROWD; i++) crowd.push(readAll(await begin('GET /livez HTTP/1.1\r\nX: ')))
    const asked = readAll(await begin('GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
    assert.match(await asked, /^HTTP\/1\.1 200 /)
    const ends = await Promise.all(crowd)
    assert.equal(ends[0], '', 'the eldest made room')
    assert.match(ends.at(-1) ?? '', /^HTTP\/1\.1 408 /, 'the youngest had its time')
  })

  it('ends a connection on which nothing comes any more, whatever had come', async () => {
    const begun = [
      '',
      'GET /livez HTTP/1.1\r\nX: ',
      'POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n',
      'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n',
    ]
    await Promise.all(begun.map(async (text) => readAll(await begin(text))))
  })
})
