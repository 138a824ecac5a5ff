/** Owns the proof that no byte of a body is another's: many at once, fast and slow readers, both directions, every byte looked at. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { forwardAll } from './harness/configurations.ts'
import { within } from './harness/deadline.ts'
import { startGateway } from './harness/gateway.ts'

/** More than both kernels' buffers of a connection hold (Linux: 4 MiB and 6 MiB), so that a slow reader holds its gateway back. */
const BODY_BYTES = 16_000_000
const EXCHANGES = 9
const PATIENCE_MS = 60_000

/** Every four octets say whose they are and where they stand, so that bytes of another place or body show. */
function toContent(seed: number): Buffer {
  const content = Buffer.alloc(BODY_BYTES)
  for (let at = 0; at < BODY_BYTES; at += 4) content.writeUInt32BE(((seed << 24) | (at >> 2)) >>> 0, at)
  return content
}

/** Reads all; every third of the readers stops again and again until much has piled up behind it. */
async function readAll(source: Readable, seed: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sinceRest = 0
  for await (const chunk of source) {
    chunks.push(chunk as Buffer)
    sinceRest += (chunk as Buffer).length
    if (seed % 3 !== 0 || sinceRest < 2_000_000) continue
    sinceRest = 0
    for (let turn = 0; turn < 3000; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return Buffer.concat(chunks)
}

/** In pieces of all lengths: some share a read with others, some fill several. */
async function writeAll(sink: Writable, content: Buffer, seed: number): Promise<void> {
  let at = 0
  for (let piece = seed; at < content.length; piece++) {
    const bytes = 1 + ((piece * 7919 * 131) % 60_000)
    if (!sink.write(content.subarray(at, at + bytes))) await once(sink, 'drain')
    at += bytes
  }
  sink.end()
}

/** Answers with what it got, or with the content of the seed in its path. */
async function startEcho(): Promise<Server> {
  const server = createServer(async (incoming, outgoing) => {
    const seed = Number(incoming.url?.slice(1))
    const isKnownLength = seed % 2 === 0
    if (isKnownLength) outgoing.setHeader('Content-Length', BODY_BYTES)
    const content = incoming.method === 'GET' ? toContent(seed) : await readAll(incoming, seed)
    await writeAll(outgoing, content, seed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function exchange(port: number, method: 'GET' | 'PUT', seed: number): Promise<Buffer> {
  const outgoing = request({ port, host: '127.0.0.1', method, path: `/${seed}`, agent: false })
  const answered = once(outgoing, 'response')
  if (method === 'PUT') {
    if (seed % 2 === 0) outgoing.setHeader('Content-Length', BODY_BYTES)
    void writeAll(outgoing, toContent(seed), seed)
  } else {
    outgoing.end()
  }
  const [answer] = await answered
  return readAll(answer as Readable, seed)
}

describe('bodies of many exchanges at once', () => {
  for (const method of ['GET', 'PUT'] as const) {
    it(`${method}: each gets its own, to the last byte`, async () => {
      const upstream = await startEcho()
      const { port } = upstream.address() as AddressInfo
      const gateway = await startGateway({ yaml: forwardAll(`http://127.0.0.1:${port}`) })
      try {
        const bodies = await within(
          Promise.all(Array.from({ length: EXCHANGES }, (_, seed) => exchange(gateway.port, method, seed))),
          'all bodies',
          PATIENCE_MS,
        )
        for (const [seed, body] of bodies.entries()) {
          assert.equal(body.length, BODY_BYTES, `length of ${seed}`)
          assert.ok(body.equals(toContent(seed)), `content of ${seed}`)
        }
      } finally {
        await gateway.stop()
        upstream.close()
      }
    })
  }
})
