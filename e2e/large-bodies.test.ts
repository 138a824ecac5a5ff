/** Owns the proof that a body of 1 GiB goes through in bounded memory, in both directions. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { forwardAll } from './harness/configurations.ts'
import { countingUpstream } from './harness/counting-upstream.ts'
import { within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const GIB = 1_073_741_824
/** What a process may grow by, garbage not yet collected included: a sixth of a body that is kept would already be more. */
const MOST_GROWTH_BYTES = 160 * 1_048_576
const PATIENCE_MS = 120_000

const CHUNK = Buffer.alloc(262_144, 'x')
const FRAMED_CHUNK = Buffer.concat([Buffer.from('40000\r\n'), CHUNK, Buffer.from('\r\n')])

/** The most memory that the process ever had since the last reset (Linux keeps it). */
async function peakBytes(gateway: RunningGateway): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

async function measureGrowth(gateway: RunningGateway, work: () => Promise<void>): Promise<number> {
  // proc(5): 5 sets the peak back to what is used now.
  await writeFile(`/proc/${gateway.pid}/clear_refs`, '5')
  const before = await gateway.residentBytes()
  await work()
  return (await peakBytes(gateway)) - before
}

describe('bodies of 1 GiB', { skip: process.platform !== 'linux' && 'memory is read from /proc' }, () => {
  for (const framing of ['Content-Length', 'Transfer-Encoding'] as const) {
    it(`an upload by ${framing} takes bounded memory`, async () => {
      const upstream = await countingUpstream()
      const gateway = await startGateway({ yaml: forwardAll(upstream.url) })
      const socket = connect(gateway.port, '127.0.0.1')
      try {
        await once(socket, 'connect')
        const growth = await measureGrowth(gateway, async () => {
          const answered = once(socket, 'data')
          const isChunked = framing === 'Transfer-Encoding'
          socket.write(`PUT /big HTTP/1.1\r\nHost: a\r\n${framing}: ${isChunked ? 'chunked' : GIB}\r\n\r\n`)
          for (let sent = 0; sent < GIB; sent += CHUNK.length) {
            if (!socket.write(isChunked ? FRAMED_CHUNK : CHUNK))
              await within(once(socket, 'drain'), 'room', PATIENCE_MS)
          }
          if (isChunked) socket.write('0\r\n\r\n')
          const [answer] = (await within(answered, 'the answer', PATIENCE_MS)) as [Buffer]
          assert.match(answer.toString('latin1'), /^HTTP\/1\.1 200 /)
        })
        assert.ok(upstream.bodyBytes >= GIB, `${upstream.bodyBytes} bytes came`)
        assert.ok(growth < MOST_GROWTH_BYTES, `grew by ${Math.round(growth / 1_048_576)} MiB`)
      } finally {
        socket.destroy()
        await gateway.stop()
        await upstream.close()
      }
    })
  }

  it('a download takes bounded memory', async () => {
    const upstream = await RawUpstream.listen({
      async onRequest(_, { socket }) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${GIB}\r\n\r\n`)
        for (let sent = 0; sent < GIB; sent += CHUNK.length) if (!socket.write(CHUNK)) await once(socket, 'drain')
      },
    })
    const gateway = await startGateway({ yaml: forwardAll(upstream.url) })
    const socket = connect(gateway.port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      let received = 0
      const growth = await measureGrowth(gateway, async () => {
        socket.on('data', (chunk: Buffer) => (received += chunk.length))
        socket.write('GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        await within(once(socket, 'end'), 'the end of the answer', PATIENCE_MS)
      })
      assert.ok(received > GIB, `${received} bytes came`)
      assert.ok(growth < MOST_GROWTH_BYTES, `grew by ${Math.round(growth / 1_048_576)} MiB`)
    } finally {
      socket.destroy()
      await gateway.stop()
      await upstream.close()
    }
  })
})
