import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect as connectSocket, createServer as createSocketServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { ByteWriter } from '../byte-writer.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'

type Field = readonly [name: string, value: string]

const HEADERS = 1
const SETTINGS = 4
const END_STREAM = 0x1
const ACK = 0x1
const END_HEADERS = 0x4
const HEADER_TABLE_SIZE = 1

function toFrame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function toTableSetting(bytes: number): Buffer {
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(HEADER_TABLE_SIZE, 0)
  setting.writeUInt32BE(bytes, 2)
  return setting
}

/** The frames that a socket sends, behind a client's preface where there is one. */
async function* readFrames(socket: Socket, preface = 0) {
  let held = Buffer.alloc(0)
  let skipped = preface
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk])
    if (held.length < skipped) continue
    held = held.subarray(skipped)
    skipped = 0
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const end = 9 + held.readUIntBE(0, 3)
      yield { type: held[3]!, flags: held[4]!, stream: held.readUInt32BE(5), payload: held.subarray(9, end) }
      held = held.subarray(end)
    }
  }
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** What one connection carries: much that repeats, some that never does, and enough to evict. */
function toFields(round: number): Field[] {
  return [
    ['accept', 'application/json'],
    ['accept-encoding', 'gzip, deflate'],
    ['user-agent', 'a client of 2026 (round trip)'],
    ['x-request-id', `0198f3a0-7b0c-7e10-${round}`],
    ['x-plan', round % 3 === 0 ? 'gold' : 'silver'],
    ['x-long', 'abc~{}\\|'.repeat(round % 9)],
    ['authorization', `Bearer t${'t'.repeat(round)}`],
    ['etag', `"${round * 7919}"`],
    ['x-latin', '\xe4\xf6\xfc'],
  ]
}

const ROUNDS = 40

describe('HPACK beside node:http2', () => {
  for (const headerTableSize of [0, 100, 4096, 65_536]) {
    it(`writes blocks that Node reads, for a table of ${headerTableSize} octets`, async (t) => {
      const server = createServer({ settings: { headerTableSize } })
      const seen: string[][] = []
      server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw: string[]) => {
        seen.push(raw)
        stream.respond({ ':status': 204 }, { endStream: true })
      })
      t.after(() => server.close())
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = connectSocket((server.address() as AddressInfo).port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.setNoDelay(true)
      socket.write(Buffer.concat([Buffer.from(PREFACE), toFrame(SETTINGS, 0, 0)]))

      const encoder = new HpackEncoder()
      const out = new ByteWriter()
      const sent: string[][] = []
      const send = (): void => {
        const round = sent.length
        const fields: Field[] = [
          [':method', 'GET'],
          [':scheme', 'http'],
          [':path', `/a/${round}`],
          [':authority', 'localhost'],
        ]
        fields.push(...toFields(round))
        out.reset()
        encoder.begin(out)
        for (const [name, value] of fields) encoder.field(out, name, value)
        sent.push(fields.flat())
        socket.write(toFrame(HEADERS, END_STREAM | END_HEADERS, round * 2 + 1, out.view()))
      }
      // One request at a time: each answer says that the last block was read.
      for await (const { type, flags, payload } of readFrames(socket)) {
        if (type === SETTINGS && (flags & ACK) === 0) {
          for (let at = 0; at < payload.length; at += 6) {
            if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) encoder.setPeerTableBytes(payload.readUInt32BE(at + 2))
          }
          socket.write(toFrame(SETTINGS, ACK, 0))
          send()
        } else if (type === HEADERS) {
          if (sent.length === ROUNDS) break
          send()
        } else {
          assert.ok(type === SETTINGS || type === 8, `frame ${type}: ${payload.toString('latin1')}`)
        }
      }
      for (const [round, fields] of sent.entries()) assert.deepEqual(seen[round], fields, `request ${round}`)
    })
  }

  for (const tableBytes of [0, 100, 4096, 65_536]) {
    it(`reads blocks that Node writes, for a table of ${tableBytes} octets`, async (t) => {
      const seen: string[][] = []
      const listener = createSocketServer((socket) => {
        void answer(socket, tableBytes, seen)
      })
      t.after(() => listener.close())
      listener.listen(0, '127.0.0.1')
      await once(listener, 'listening')
      const client = connect(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`)
      t.after(() => client.destroy())
      for (let round = 0; round < ROUNDS; round++) {
        const fields: OutgoingHttpHeaders = { ':path': `/a/${round}`, ...Object.fromEntries(toFields(round)) }
        const [headers] = await once(client.request(fields), 'response')
        assert.deepEqual(seen.at(-1)?.slice(-18), toFields(round).flat())
        assert.ok(seen.at(-1)?.includes(`/a/${round}`))
        assert.equal(headers['x-round'], String(round))
      }
    })
  }
})

/** A server of frames: answers each request with its number. */
async function answer(socket: Socket, tableBytes: number, seen: string[][]): Promise<void> {
  socket.on('error', () => socket.destroy())
  socket.setNoDelay(true)
  socket.write(toFrame(SETTINGS, 0, 0, toTableSetting(tableBytes)))
  const decoder = new HpackDecoder({ tableBytes: 4096 })
  const encoder = new HpackEncoder()
  const out = new ByteWriter()
  for await (const { type, flags, stream, payload } of readFrames(socket, PREFACE.length)) {
    if (type === SETTINGS && flags === ACK) decoder.changeTableBytes(tableBytes)
    else if (type === SETTINGS) socket.write(toFrame(SETTINGS, ACK, 0))
    if (type !== HEADERS) continue
    const request: string[] = []
    const fault = decoder.decode(payload, { onField: ({ name, value }) => request.push(name, value) })
    if (fault !== undefined) throw new Error(fault.reason)
    out.reset()
    encoder.begin(out)
    encoder.status(out, 200)
    encoder.field(out, 'X-Round', String(seen.length))
    seen.push(request)
    socket.write(toFrame(HEADERS, END_STREAM | END_HEADERS, stream, out.view()))
  }
}
