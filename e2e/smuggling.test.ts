/** Owns the proof that no request hides in another on the way gateway → Debian's nginx or HAProxy → origin. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ACCEPTED_REQUESTS } from '../packages/gateway/src/http1/cases/accepted-requests.ts'
import { CHUNKED_CASES } from '../packages/gateway/src/http1/cases/chunked.ts'
import { REQUEST_REFUSALS } from '../packages/gateway/src/http1/cases/request-refusals.ts'
import { ROUTING_REFUSALS } from '../packages/gateway/src/http1/cases/routing-refusals.ts'
import { checkEvery } from './harness/batches.ts'
import { forTables } from './harness/configurations.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, getPath, type PeerName, RunningPeer, toSkip } from './harness/peers.ts'
import { get, RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

interface Attempt {
  readonly name: string
  readonly send: string
  /** Bodies of the requests that the origin may see at most, in order. */
  readonly bodies: readonly string[]
}

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (fields: string, body: string) => `POST /open HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`

/** Legal for us, or nearly so, and read differently by servers that guess. `/hidden` must never be a request of its own. */
const ATTEMPTS: readonly Attempt[] = [
  { name: 'a hidden request as a body', send: post(`Content-Length: ${HIDDEN.length}`, HIDDEN), bodies: [HIDDEN] },
  {
    name: 'a hidden request as a chunk',
    send: post('Transfer-Encoding: chunked', `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request as the body of GET',
    send: `GET /open HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request as the body of HEAD',
    send: `HEAD /open HTTP/1.1\r\nHost: a\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind an underscore length',
    send: post(`Content_Length: 0\r\nContent-Length: ${HIDDEN.length}`, HIDDEN),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind an underscore coding',
    send: post(`Transfer_Encoding: chunked\r\nContent-Length: ${HIDDEN.length + 5}`, `0\r\n\r\n${HIDDEN}`),
    bodies: [`0\r\n\r\n${HIDDEN}`],
  },
  {
    name: 'a hidden request behind a dotted coding',
    send: post(`Transfer.Encoding: chunked\r\nContent-Length: ${HIDDEN.length + 5}`, `0\r\n\r\n${HIDDEN}`),
    bodies: [`0\r\n\r\n${HIDDEN}`],
  },
  {
    name: 'a hidden request behind the field X-Transfer-Encoding',
    send: post(`X-Transfer-Encoding: chunked\r\nContent-Length: ${HIDDEN.length + 5}`, `0\r\n\r\n${HIDDEN}`),
    bodies: [`0\r\n\r\n${HIDDEN}`],
  },
  {
    name: 'a hidden request behind Connection: Content-Length',
    send: post(`Connection: Content-Length\r\nContent-Length: ${HIDDEN.length}`, HIDDEN),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind Connection: Transfer-Encoding',
    send: post(
      'Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked',
      `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    ),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind an extension with quotes',
    send: post('Transfer-Encoding: chunked', `${HIDDEN.length.toString(16)};a="\\"b"\r\n${HIDDEN}\r\n0\r\n\r\n`),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request in the trailers',
    send: post('Transfer-Encoding: chunked', `0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`),
    bodies: [''],
  },
  {
    name: 'a hidden request behind a TE field',
    send: post(`TE: chunked\r\nContent-Length: ${HIDDEN.length}`, HIDDEN),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind h2c',
    send: post(
      `Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: ${HIDDEN.length}`,
      HIDDEN,
    ),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind a WebSocket handshake with a length',
    send: post(
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\nContent-Length: ${HIDDEN.length}`,
      HIDDEN,
    ),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request behind Expect',
    send: post(`Expect: 100-continue\r\nContent-Length: ${HIDDEN.length}`, HIDDEN),
    bodies: [HIDDEN],
  },
  {
    name: 'a hidden request in an escaped CR LF',
    send: 'GET /open%0d%0a%0d%0aGET%20/hidden HTTP/1.1\r\nHost: a\r\n\r\n',
    bodies: [''],
  },
  {
    name: 'a hidden field in an octet that some decode to LF',
    send: 'GET /open HTTP/1.1\r\nHost: a\r\nX-A: \xc4\x8aX-B: 1\r\n\r\n',
    bodies: [''],
  },
]

for (const peerName of ['nginx', 'haproxy'] as const satisfies readonly PeerName[]) {
  const peerFound = await findPeer(peerName)

  describe(`gateway → ${peerName} → origin`, { skip: toSkip(peerFound) }, () => {
    let origin: RawUpstream
    let peer: RunningPeer
    let gateway: RunningGateway

    before(async () => {
      const path = getPath(peerFound)
      origin = await RawUpstream.listen({
        onRequest: (_, { socket }) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      })
      peer = await RunningPeer.start(peerName, path, origin.port)
      gateway = await startGateway({ yaml: forTables(`http://127.0.0.1:${peer.port}`) })
    })
    after(async () => {
      await gateway?.stop()
      await peer?.stop()
      await origin?.close()
    })

    const seenBut = (marker: string) => origin.requests.filter(({ target }) => target !== marker)

    /** Sends the bytes, lets what they may have set free arrive, and tells what the origin saw. */
    async function attempt(send: string, answers: number): Promise<string[]> {
      origin.forget()
      const client = await RawClient.connect(gateway.port)
      await client.write(send)
      const method = send.startsWith('HEAD') ? 'HEAD' : 'GET'
      for (let i = 0; i < answers; i++) if ((await client.nextAnswer(method)) === undefined) break
      client.reset()
      // What comes after it on the same connections is what a hidden request would be mixed up with.
      for (const marker of ['/marker1', '/marker2']) {
        assert.equal((await get(gateway.port, marker)).status, 200)
        await until(() => origin.requests.find(({ target }) => target === marker), 'the marker at the origin')
      }
      assert.deepEqual(origin.connections.map(({ fault }) => fault).filter(Boolean), [])
      return seenBut('/marker1')
        .filter(({ target }) => target !== '/marker2')
        .map(({ body }) => body.toString('latin1'))
    }

    for (const { name, send, bodies } of ATTEMPTS) {
      it(name, async () => {
        const seen = await attempt(send, 1)
        if (seen.length > 0) assert.deepEqual(seen, bodies)
        assert.ok(!origin.requests.some(({ target }) => target === '/hidden'))
      })
    }

    it('shows the origin nothing of what is refused', () =>
      checkEvery(
        Object.values({ ...REQUEST_REFUSALS, ...ROUTING_REFUSALS }).flat(),
        async ({ send, after: earlier = [] }) => {
          assert.equal((await attempt(send, earlier.length + 1)).length, earlier.length)
        },
        1,
      ))

    it('shows the origin each chunked body once and the same, or not at all', () =>
      checkEvery(
        CHUNKED_CASES,
        async ({ body, expect }) => {
          const seen = await attempt(`POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, 1)
          assert.deepEqual(seen, expect === 'malformed' ? [] : [expect.data])
        },
        1,
      ))

    it('shows the origin each accepted request once, with its body', () =>
      checkEvery(
        Object.values(ACCEPTED_REQUESTS).flat(),
        async ({ send, sees }) => {
          const seen = await attempt(send, sees.length)
          // A peer may refuse what we accept; it must not make two of one.
          assert.ok(seen.length <= sees.length, `${seen.length} requests`)
          for (const [index, body] of seen.entries())
            if (seen.length === sees.length) assert.equal(body, sees[index]?.body ?? '')
        },
        1,
      ))
  })
}
