/** Owns the proof that what we accept, node:http accepts with the same meaning: method, target, body, and how many requests there are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { ACCEPTED_REQUESTS } from '../packages/gateway/src/http1/cases/accepted-requests.ts'
import { findField } from './harness/answer.ts'
import { forwardAll } from './harness/configurations.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

interface Meaning {
  readonly method: string
  readonly target: string
  readonly body: string
  readonly note: string | undefined
}

/** node:http, asked what it understood. */
async function listenAsNode(): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: 131_072, keepAlive: true, requireHostHeader: true },
    async (request, response) => {
      const parts: Buffer[] = []
      try {
        for await (const part of request) parts.push(part as Buffer)
      } catch {
        // The body was malformed or broke off; the server itself answers that.
        return
      }
      const saw = {
        method: request.method,
        // The absolute form is for the server to resolve; we forward what it resolves to.
        target: (request.url ?? '').replace(/^http:\/\/[^/?]*\/?(?=\?)/i, '/').replace(/^http:\/\/[^/?]*/i, '') || '/',
        fields: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        body: Buffer.concat(parts).toString('latin1'),
        trailers: [],
      }
      response.setHeader('X-Saw', Buffer.from(JSON.stringify(saw)).toString('base64url'))
      response.setHeader('Content-Length', 0)
      response.end()
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** What the server at `port` makes of `bytes`: the requests it understood, in order, and whether it refused the rest. */
async function understand(
  port: number,
  bytes: string,
  methods: readonly string[],
): Promise<{ meanings: Meaning[]; refused: boolean }> {
  const client = await RawClient.connect(port)
  try {
    await client.write(bytes)
    const meanings: Meaning[] = []
    for (const method of methods) {
      const answer = await client.nextAnswer(method)
      if (answer === undefined || answer.status !== 200) return { meanings, refused: true }
      const saw = parseTestimony(findField(answer, 'x-saw') ?? '')
      meanings.push({ method: saw.method, target: saw.target, body: saw.body, note: findField(saw, 'x-note') })
    }
    return { meanings, refused: false }
  } finally {
    client.reset()
  }
}

interface Generated {
  readonly bytes: string
  readonly method: string
}

/** Requests from the grammar, with the odd forms that implementations disagree about. */
function requests(): fc.Arbitrary<Generated> {
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'QUERY')
  const segment = fc.constantFrom('a', 'b%20c', '%2F', '~', "!$&'()*+,;=:@", '%C3%A9', '..a', 'x.y')
  const target = fc.tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '?', '?a=1', '?a=%&b=|', '?/../x?y'))
  const space = fc.constantFrom('', ' ', '\t', ' \t ')
  const version = fc.constantFrom('1.1', '1.1', '1.1', '1.0')
  const note = fc.constantFrom('', 'a', 'a b', 'caf\xe9', 'a: b', '"x, y"', '\xff', 'a\tb')
  const name = fc.constantFrom('X-Note', 'x-note', 'X-NOTE', 'X-Note ', ' X-Note', 'X\x00Note')
  const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n')
  const framing = fc.constantFrom<(body: string) => readonly [fields: string, body: string]>(
    () => ['', ''],
    (body) => [`Content-Length: ${body.length}\r\n`, body],
    (body) => [`content-length:\t${body.length} \r\n`, body],
    (body) => [`Content-Length: 00${body.length}\r\n`, body],
    (body) => [`Content-Length: +${body.length}\r\n`, body],
    (body) => [`Content-Length: ${body.length}, ${body.length}\r\n`, body],
    (body) => ['Transfer-Encoding: chunked\r\n', `${toChunk(body, '')}0\r\n\r\n`],
    (body) => ['Transfer-Encoding: CHUNKED\r\n', `${toChunk(body, ';a=b')}000\r\n\r\n`],
    (body) => ['Transfer-Encoding:chunked \r\n', `${toChunk(body, ';a="b"')}0;x\r\nX-Sum: 1\r\n\r\n`],
    (body) => ['Transfer-Encoding: chunked\r\n', `${toChunk(body, ' ')}0\r\n\r\n`],
    (body) => ['Transfer-Encoding: gzip, chunked\r\n', `${toChunk(body, '')}0\r\n\r\n`],
    (body) => [`Transfer-Encoding: chunked\r\nContent-Length: ${body.length}\r\n`, `${toChunk(body, '')}0\r\n\r\n`],
  )
  const body = fc.constantFrom('', 'hello', '0\r\n\r\n', 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n', '\x00\xff')
  return fc
    .record({
      method,
      target,
      space,
      version,
      note,
      name,
      lineEnd,
      framing,
      body,
      emptyLine: fc.constantFrom('', '', '', '\r\n'),
    })
    .map(({ method, target: [segments, query], space, version, note, name, lineEnd, framing, body, emptyLine }) => {
      const [fields, framed] = framing(body)
      const line = `${method} /${segments.join('/')}${query} HTTP/${version}\r\n`
      const keep = version === '1.0' ? 'Connection: keep-alive\r\n' : ''
      const head = `${emptyLine}${line}Host: a\r\n${name}:${space}${note}${space}${lineEnd}${keep}${fields}\r\n`
      return { bytes: head + framed, method }
    })
}

function toChunk(body: string, extension: string): string {
  return body === '' ? '' : `${body.length.toString(16)}${extension}\r\n${body}\r\n`
}

const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: a\r\n\r\n'

describe('differential against node:http', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  let node: Server

  before(async () => {
    upstream = await listenAsWitness()
    node = await listenAsNode()
    gateway = await startGateway({ yaml: forwardAll(upstream.url) })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    node?.closeAllConnections()
    node?.close()
  })

  const nodePort = () => (node.address() as AddressInfo).port

  for (const row of Object.values(ACCEPTED_REQUESTS).flat()) {
    if (row.nodeRefuses !== undefined) continue
    it(`means the same: ${row.name}`, async () => {
      const methods = row.sees.map(({ method }) => method)
      const ours = await understand(gateway.port, row.send, methods)
      const theirs = await understand(nodePort(), row.send, methods)
      assert.deepEqual(theirs.meanings.map(toComparable), ours.meanings.map(toComparable))
      assert.deepEqual([ours.refused, theirs.refused], [false, false])
    })
  }

  it('means the same for generated requests, and the request after them stays the one after them', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(requests(), async ({ bytes, method }) => {
        const ours = await understand(gateway.port, bytes + SENTINEL, [method, 'GET'])
        if (ours.refused) return
        accepted++
        const theirs = await understand(nodePort(), bytes + SENTINEL, [method, 'GET'])
        assert.deepEqual(theirs, ours)
        assert.equal(ours.meanings[1]?.target, '/sentinel')
      }),
      { numRuns: 1500 },
    )
    assert.ok(accepted > 150, `only ${accepted} of 1500 were accepted: the generator proves nothing`)
  })
})

/** node:http forwards nothing: an absolute target is left to its user, dot segments too. */
function toComparable({ method, target, body }: Meaning): object {
  return { method, target, body }
}
