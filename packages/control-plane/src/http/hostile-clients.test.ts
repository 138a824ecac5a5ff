/** What clients can do to the port of a control plane beside asking: it refuses, stays there for others, and keeps nothing of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ControlPlane } from '../control-plane.ts'
import { openSocket, readAll } from '../testing/raw-socket.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-hostile-'))
const mistakes: unknown[] = []
const log = { info() {}, warn() {}, error: (...said: unknown[]) => void mistakes.push(said) }
const JSON_TYPE = 'content-type: application/json'
let plane: ControlPlane
let token = ''

before(async () => {
  plane = await ControlPlane.open({ database: join(folder, 'control.db'), host: '127.0.0.1', port: 0 }, { log })
  const body = { email: 'ann@example.com', name: 'Ann', password: 'correct horse battery' }
  const url = `http://127.0.0.1:${plane.address.port}/api/v1`
  const secret = plane.address.setUpSecret
  const headers = { 'content-type': 'application/json' }
  const done = await fetch(`${url}/set-up`, { method: 'POST', headers, body: JSON.stringify({ ...body, secret }) })
  const { csrfToken } = (await done.json()) as { csrfToken: string }
  const cookie = done.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const own = { ...headers, cookie, 'x-csrf-token': csrfToken }
  const made = await fetch(`${url}/me/tokens`, { method: 'POST', headers: own, body: '{"name":"all"}' })
  token = ((await made.json()) as { value: string }).value
})
after(async () => {
  await plane.close()
  rmSync(folder, { recursive: true })
})

const open = (): Socket => openSocket(plane.address.port)

function toHead(line: string, ...fields: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'host: localhost', ...fields, '', ''].join('\r\n')
}

/** Status and body of an answer to something that is sent whole. */
async function ask(
  line: string,
  { body = '', type = 'application/json', headers = {} as Record<string, string> } = {},
) {
  const [method, path] = line.split(' ')
  const answer = await fetch(`http://127.0.0.1:${plane.address.port}/api/v1${path}`, {
    method: method as string,
    headers: { authorization: `Bearer ${token}`, ...(body !== '' && { 'content-type': type }), ...headers },
    ...(body !== '' && { body }),
  })
  return { status: answer.status, text: await answer.text() }
}

async function assertThere(): Promise<void> {
  assert.equal((await ask('GET /me')).status, 200)
  assert.deepEqual(mistakes, [])
}

describe('a client that does not ask as it should', () => {
  it('is cut off where its head does not come to an end, and its body is more than a stranger has to say', async () => {
    const slow = open()
    slow.write('GET /api/v1/me HTTP/1.1\r\nhost: localhost\r\n')
    const dripping = setInterval(() => slow.write('x: y\r\n'), 500)
    slow.on('close', () => clearInterval(dripping))
    const cutOff = [slow, open()].map(readAll)
    for (const size of ['content-length: 104857600', 'content-length: 70000']) {
      const socket = open()
      socket.write(toHead('POST /api/v1/login', JSON_TYPE, size))
      assert.match(await readAll(socket), /^HTTP\/1\.1 413 [\s\S]*body-too-large/, size)
    }
    const chunked = open()
    chunked.write(toHead('POST /api/v1/login', JSON_TYPE, 'transfer-encoding: chunked'))
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`
    for (let count = 0; count < 8; count++) chunked.write(chunk)
    assert.match(await readAll(chunked), /^HTTP\/1\.1 413 /)
    const unknown = open()
    unknown.write(toHead('PUT /api/v1/apis/main/orders', JSON_TYPE, 'content-length: 1000000'))
    const [first] = await once(unknown.setEncoding('latin1'), 'data')
    assert.match(first, /^HTTP\/1\.1 401 /, 'before a body is read')
    unknown.destroy()
    await assertThere()
    await Promise.all(cutOff)
  })

  it('gets no room for a head of more than 16 KiB, and none for what it says is packed', async () => {
    const socket = open()
    socket.write(toHead('GET /api/v1/me', `x: ${'a'.repeat(20_000)}`))
    assert.match(await readAll(socket), /^HTTP\/1\.1 431 /)
    const packed = gzipSync(Buffer.alloc(32 * 1024 * 1024, ' '))
    const other = open()
    other.write(
      toHead(
        'POST /api/v1/login',
        JSON_TYPE,
        'content-encoding: gzip',
        'connection: close',
        `content-length: ${packed.length}`,
      ),
    )
    other.write(packed)
    assert.match(await readAll(other), /^HTTP\/1\.1 4\d\d /)
    await assertThere()
  })

  it('that sends hundreds of requests at once gets all of the answers', async () => {
    const socket = open()
    socket.write(toHead('GET /api/v1/login/ways').repeat(299) + toHead('GET /api/v1/login/ways', 'connection: close'))
    const text = await readAll(socket)
    assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 300)
    await assertThere()
  })

  it('holds so many connections and no more, and others are served beside it', async () => {
    const sockets: Socket[] = []
    let closed = 0
    for (let count = 0; count < 5_200; count++) {
      const socket = open().on('close', () => closed++)
      sockets.push(socket)
      if (count % 200 === 0) await once(socket, 'connect').catch(() => {})
    }
    while (closed < 100) await once(sockets.at(-1) as Socket, 'close').catch(() => {})
    for (const socket of sockets.slice(0, 100)) socket.destroy()
    await assertThere()
    for (const socket of sockets) socket.destroy()
  })
})

describe('a request that is made to be hard to read', () => {
  const API = 'PUT /apis/main/orders'

  it('is refused where it is deeper than anything that somebody writes', async () => {
    for (const deep of [
      `${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`,
      `{"policies":[{"policy":"respond","options":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}]}`,
      `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
    ]) {
      const { status, text } = await ask(API, { body: deep })
      assert.deepEqual([status, JSON.parse(text).type], [400, 'urn:gatewright:problem:request-invalid'], text)
    }
    const lines = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`)
    const bomb = `a0: &a0 [x]\n${lines.join('\n')}\n`
    const { status } = await ask(API, { body: bomb, type: 'application/yaml' })
    assert.equal(status, 400)
    await assertThere()
  })

  it('is refused where what it names leads elsewhere, or only looks like a name', async () => {
    for (const id of [
      '..%2f..%2fteams%2fmain',
      '%2e%2e',
      'оrders',
      'orders%00',
      'ord%e2%80%8bers',
      'ORDERS%ef%bc%8f',
      '%ff',
      'a'.repeat(300),
    ]) {
      const { status } = await ask(`PUT /apis/main/${id}`, { body: '{}' })
      assert.ok([400, 404, 414].includes(status), `${id}: ${status}`)
    }
    assert.equal(JSON.parse((await ask('GET /apis')).text).total, 0)
  })

  it('finds by the letters of a pattern, and nothing more by its signs', async () => {
    for (const id of ['orders', 'percent'])
      await ask(`PUT /apis/main/${id}`, { body: JSON.stringify({ title: id === 'percent' ? '100%_\\' : 'Orders' }) })
    const find = async (text: string) => {
      const { items } = JSON.parse((await ask(`GET /apis?search=${encodeURIComponent(text)}`)).text)
      return items.map(({ id }: { id: string }) => id)
    }
    for (const sign of ['%', '_', '\\', '0%_\\']) assert.deepEqual(await find(sign), ['percent'], sign)
    assert.deepEqual(await find('%'.repeat(3_000)), [])
    assert.deepEqual(await find(`${'%a'.repeat(2_000)}`), [])
  })

  it('is looked through once, however long what should be short is', async () => {
    const name = `${'a'.repeat(1_000_000)}\n`
    const body = JSON.stringify({ email: 'x@example.com', name, grants: [] })
    assert.equal((await ask('POST /users', { body })).status, 400)
    const open = `"${'\\"'.repeat(400_000)}`
    for (const type of ['application/json', 'application/yaml'])
      assert.equal((await ask(API, { body: open, type })).status, 400)
    const email = `${'a'.repeat(1_000_000)}@`
    assert.equal((await ask('POST /users', { body: JSON.stringify({ email, name: 'X', grants: [] }) })).status, 400)
    await assertThere()
  })
})
