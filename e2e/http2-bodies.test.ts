/** Owns the proof that bodies pass through HTTP/2 whole, at the pace of whoever reads them, with what is said behind them, and that who leaves is noticed. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { ERROR_CODES, FRAME_TYPES, SETTINGS } from '../packages/gateway/src/http2/frame.ts'
import { data, headers, reset, windowUpdate } from '../packages/gateway/src/http2/session-stage.fixture.ts'
import { until, within } from './harness/deadline.ts'
import { readAnswer } from './harness/http2-client.ts'
import { forwardBoth, stageHttp2 } from './harness/http2-stage.ts'
import { request } from './harness/raw-http2.ts'
import { hashOfBytes, type Seen } from './harness/versatile-upstream.ts'

const MIB = 1_048_576
const LARGE_BYTES = 5 * MIB
/** Of a body that nobody reads, this much may be under way in buffers of kernels and engines: a small part of it. */
const MOST_UNDER_WAY_BYTES = 24 * MIB
const ENDLESS_BYTES = 2_000 * MIB
/** What a body that stands still may cost the process. */
const MOST_GROWTH_BYTES = 64 * MIB

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The value, once it is the same in so many looks. */
async function settled(ask: () => number, what: string): Promise<number> {
  let last = -1
  let same = 0
  return until(() => {
    const now = ask()
    same = now === last ? same + 1 : 0
    last = now
    return same === 40 ? now : undefined
  }, what)
}

describe('bodies through HTTP/2', () => {
  const stage = stageHttp2((configured) => forwardBoth(configured, { limits: '{ bodyMinBytesPerSecond: 100000 }' }))

  for (const isSecure of [false, true]) {
    describe(isSecure ? 'with TLS' : 'with prior knowledge', () => {
      const connect = () => stage.client(isSecure)

      it('5 MiB come down as they were sent, on several streams at once', async () => {
        const client = await connect()
        const answers = await Promise.all([1, 2, 3].map(() => client.ask(`/bytes?n=${LARGE_BYTES}`)))
        for (const { headers: fields, body } of answers) {
          assert.equal(fields['content-length'], String(LARGE_BYTES))
          assert.equal(sha256(body), hashOfBytes(LARGE_BYTES))
        }
      })

      it('5 MiB go up as they were sent, with a length and without', async () => {
        const client = await connect()
        const body = Buffer.alloc(LARGE_BYTES)
        for (let at = 0; at < body.length; at += 4) body.writeUInt32LE((at * 2_654_435_761) >>> 0, at)
        for (const said of [{ 'content-length': body.length }, {}]) {
          const answer = await client.ask('/saw', { body, headers: said })
          const seen = JSON.parse(answer.body.toString()) as Seen
          assert.deepEqual([seen.bodyBytes, seen.bodyHash], [LARGE_BYTES, sha256(body)])
          assert.equal(seen.fields['transfer-encoding'], 'content-length' in said ? undefined : 'chunked')
        }
      })

      it('go both ways at once, with trailers behind both', async () => {
        const client = await connect()
        const body = Buffer.alloc(2 * MIB, 'there and back ')
        const answer = await client.ask('/echo', { body, trailers: { 'x-said': 'goodbye', 'x-more': '1' } })
        assert.equal(sha256(answer.body), sha256(body))
        assert.equal(answer.trailers?.['x-echoed'], 'goodbye')
        const bare = await client.ask('/saw', { body: 'short', trailers: { 'x-said': 'goodbye' } })
        const { trailers } = JSON.parse(bare.body.toString()) as Seen
        assert.deepEqual(trailers, { 'x-said': 'goodbye' })
      })

      it('wait in the upstream for a client that does not read, and others pass', async () => {
        const client = await connect()
        const bytesBefore = await stage.gateway.residentBytes()
        const sentBefore = stage.upstream.sentBytes
        const stream = client.open(`/bytes?n=${ENDLESS_BYTES}`)
        await within(once(stream, 'response'), 'the head')
        stream.pause()
        const sent = (await settled(() => stage.upstream.sentBytes, 'the upstream to wait')) - sentBefore
        assert.ok(sent < MOST_UNDER_WAY_BYTES, `${sent} octets were sent`)
        assert.equal((await client.ask('/saw')).status, 200)
        assert.equal(sha256((await client.ask(`/bytes?n=${MIB}`)).body), hashOfBytes(MIB))
        const grown = (await stage.gateway.residentBytes()) - bytesBefore
        assert.ok(grown < MOST_GROWTH_BYTES, `it grew by ${grown}`)
        stream.close(constants.NGHTTP2_CANCEL)
        await until(() => stage.upstream.underWay === 0 || undefined, 'the upstream to hear of it')
      })

      it('wait with the client for an upstream that does not read, and others pass', async () => {
        const client = await connect()
        const bytesBefore = await stage.gateway.residentBytes()
        let given = 0
        const endless = new Readable({
          read() {
            given += 65_536
            this.push(given > ENDLESS_BYTES ? null : Buffer.alloc(65_536))
          },
        })
        const stream = client.open('/unread', { method: 'POST' }, false)
        endless.pipe(stream)
        const sent = await settled(() => given, 'the client to wait')
        assert.ok(sent < MOST_UNDER_WAY_BYTES, `${sent} octets were taken`)
        assert.equal((await client.ask('/saw', { body: Buffer.alloc(MIB / 2) })).status, 200)
        const grown = (await stage.gateway.residentBytes()) - bytesBefore
        assert.ok(grown < MOST_GROWTH_BYTES, `it grew by ${grown}`)
        stage.upstream.release()
        await until(() => stage.upstream.receivedBytes > sent + MIB || undefined, 'it to go on')
        endless.unpipe(stream)
        stream.close(constants.NGHTTP2_CANCEL)
        await until(() => stage.upstream.underWay === 0 || undefined, 'the upstream to hear of it')
      })

      it('are cut off with 408 when they come too slowly, and the connection lives', async () => {
        const client = await connect()
        const stream = client.open('/saw', { method: 'POST' }, false)
        stream.write('slowly')
        const answer = await within(readAnswer(stream), 'the answer')
        assert.equal(answer.status, 408)
        assert.equal((await client.ask('/saw')).status, 200)
      })

      it('events arrive one by one, as they were written', async () => {
        const client = await connect()
        const stream = client.open('/events')
        let came = ''
        stream.setEncoding('utf8').on('data', (text: string) => {
          came += text
        })
        await within(once(stream, 'response'), 'the head')
        for (let event = 1; event <= 5; event++) {
          await until(() => stage.upstream.held.length > 0 || undefined, 'the upstream')
          stage.upstream.release()
          await until(() => came.endsWith(`id: ${event}\ndata: event ${event}\n\n`) || undefined, `event ${event}`)
        }
        stream.close(constants.NGHTTP2_CANCEL)
        await until(() => stage.upstream.underWay === 0 || undefined, 'the upstream to hear that nobody listens')
      })

      it('end at the upstream when the client leaves in the middle, however it leaves', async () => {
        for (const leave of ['reset', 'destroy', 'connection'] as const) {
          const client = await connect()
          const streams = [client.open('/half'), client.open('/hold'), client.open('/saw', { method: 'POST' }, false)]
          streams[2]?.write('a part')
          await until(() => stage.upstream.underWay === 3 || undefined, 'three requests')
          if (leave === 'connection') client.close()
          for (const stream of streams) {
            if (leave === 'reset') stream.close(constants.NGHTTP2_CANCEL)
            else if (leave === 'destroy') stream.destroy()
          }
          await until(() => stage.upstream.underWay === 0 || undefined, `the upstream to hear of ${leave}`)
        }
      })

      it('an answer before the end of its request stops the rest of it', async () => {
        const client = await stage.raw({ isSecure })
        await client.send(headers(1, request('/status/400', { method: 'POST' }), { ends: false }), data(1, 'a part'))
        await client.frame(
          ({ type, streamId, flags }) => type <= 1 && streamId === 1 && (flags & 1) === 1,
          'the answer',
        )
        // RFC 9113 §8.1.
        assert.equal(await client.resetCode(1), ERROR_CODES.noError)
        await client.send(data(1, 'late'), headers(3, request('/saw')))
        await client.frame(({ type, streamId }) => type === 1 && streamId === 3, 'the next answer')
      })

      it('pass through windows of one octet', async () => {
        const client = await stage.raw({ isSecure, own: [[SETTINGS.initialWindowSize, 0]] })
        await client.send(headers(1, request('/bytes?n=40')))
        await client.frame(({ type, streamId }) => type === FRAME_TYPES.headers && streamId === 1, 'the head')
        for (let octet = 1; octet <= 40; octet++) {
          assert.ok(client.of(FRAME_TYPES.data, 1).length < octet, 'no octet that was not let')
          await client.send(windowUpdate(1, 1))
          await until(() => client.of(FRAME_TYPES.data, 1).length === octet || undefined, `octet ${octet}`)
        }
        const body = Buffer.concat(client.of(FRAME_TYPES.data, 1).map(({ payload }) => payload))
        assert.equal(sha256(body), hashOfBytes(40))
        assert.equal(client.of(FRAME_TYPES.data, 1).at(-1)!.flags & 1, 1)
      })
    })
  }

  it('ten thousand requests that are given up leave nothing behind', async () => {
    for (let connection = 0; connection < 100; connection++) {
      const client = await stage.raw()
      for (let round = 0; round < 2; round++) {
        const ids = Array.from({ length: 50 }, (_, i) => (round * 50 + i) * 2 + 1)
        await client.send(Buffer.concat(ids.map((id) => headers(id, request('/hold')))))
        // Some are given up before the upstream heard of them, some behind.
        if (connection % 2 === 0) await until(() => stage.upstream.underWay >= 25 || undefined, 'the upstream')
        await client.send(Buffer.concat(ids.map((id) => reset(id))))
      }
      await client.send(headers(1001, request('/saw')))
      await client.frame(({ type, streamId }) => type === FRAME_TYPES.headers && streamId === 1001, 'an answer')
      client.close()
    }
    await stage.isQuiet()
    // Those that were broken off are closed; what stays is kept for the next, not leaked.
    const kept = await stage.gateway.metric(`gatewright_upstream_connections{upstream="${stage.upstream.url}"}`)
    await until(async () => (await stage.upstream.connections()) <= kept || undefined, 'the upstream to see as many')
  })

  it('nothing of all that is left', async () => {
    await stage.isQuiet()
    assert.doesNotMatch(stage.gateway.stderr, /thread ended|uncaught|TypeError/i)
  })
})
