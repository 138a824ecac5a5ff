import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolve } from '@gatewright/model'
import { Rehearsal, type RehearsedExchange, type RehearsedRequest } from './rehearsal.ts'

const SILENT = { info() {}, warn() {}, error() {} }

async function rehearse(yaml: string): Promise<Rehearsal> {
  const { model, apps, findings } = resolve({
    files: [{ path: 'gatewright.yaml', text: `gatewright: 1\n${yaml}` }],
    env: () => undefined,
    readFile: () => undefined,
  })
  assert.ok(model !== undefined, JSON.stringify(findings))
  return await Rehearsal.create({ model, apps, extensions: [], log: SILENT, startMs: Date.UTC(2026, 0, 1) })
}

function send(rehearsal: Rehearsal, text: string, more: Partial<RehearsedRequest> = {}): Promise<RehearsedExchange> {
  return rehearsal.send({ bytes: Buffer.from(text, 'latin1'), method: text.split(' ')[0] ?? '', ...more })
}

const PLAIN = 'apis: [{ id: a, upstream: http://127.0.0.1:9001/v1 }]'
const GET = 'GET /x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n'

describe('a rehearsal', () => {
  it('answers as the gateway would, framing and all', async () => {
    const { answer } = await send(await rehearse(PLAIN), GET, { upstream: [{ body: 'tea', headers: [['X-A', '1']] }] })
    assert.equal(answer?.status, 200)
    assert.equal(answer.body.toString(), 'tea')
    const names = answer.headers.map(([name]) => name)
    assert.deepEqual(names, ['X-A', 'Date', 'X-Request-Id', 'Content-Length'])
  })

  it('writes down what the target would have received', async () => {
    const { attempts } = await send(
      await rehearse(PLAIN),
      'POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nTE: trailers\r\n\r\ntea',
    )
    assert.equal(attempts.length, 1)
    const [{ method, path, headers, body } = assert.fail()] = attempts
    assert.deepEqual([method, path, body.toString()], ['POST', '/v1/x', 'tea'])
    const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
    assert.equal(fields.get('host'), '127.0.0.1:9001')
    assert.equal(fields.get('x-forwarded-for'), '192.0.2.1')
    assert.equal(fields.get('content-length'), '3')
    assert.equal(fields.has('te'), false)
  })

  it('reads a chunked body and answers a HEAD without one', async () => {
    const rehearsal = await rehearse(PLAIN)
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n'
    assert.equal((await send(rehearsal, chunked)).attempts[0]?.body.toString(), 'tea')
    const head = await send(rehearsal, GET.replace('GET', 'HEAD'), { upstream: [{ body: 'tea' }] })
    assert.equal(head.answer?.body.length, 0)
  })

  it('refuses what is not HTTP', async () => {
    const { answer, problem, attempts } = await send(await rehearse(PLAIN), 'GET / HTTP/1.1\nHost: a\n\n')
    assert.deepEqual([answer?.status, problem, attempts.length], [400, 'malformed-request', 0])
  })

  it('gives each failure of an upstream its problem', async () => {
    const rehearsal = await rehearse(PLAIN)
    const problems: (string | undefined)[] = []
    for (const fail of ['refused', 'closed', 'malformed', 'silent'] as const) {
      problems.push((await send(rehearsal, GET, { upstream: [{ fail }] })).problem)
    }
    assert.deepEqual(problems, ['upstream-unreachable', 'upstream-closed', 'upstream-malformed', 'upstream-timeout'])
  })

  it('lets time pass only where something waits for it', async () => {
    const rehearsal = await rehearse(PLAIN)
    assert.equal((await send(rehearsal, GET)).durationMs, 0)
    assert.equal((await send(rehearsal, GET, { upstream: [{ delayMs: 30_000 }] })).durationMs, 30_000)
    assert.equal((await send(rehearsal, GET, { upstream: [{ delayMs: 90_000 }] })).answer?.status, 504)
  })

  it('takes turns anew after a restart', async () => {
    const rehearsal = await rehearse(`
upstreams: [{ id: two, targets: [{ url: http://127.0.0.1:1 }, { url: http://127.0.0.1:2 }] }]
apis: [{ id: a, upstream: two }]`)
    const targets: (string | undefined)[] = []
    for (let i = 0; i < 2; i++) targets.push((await send(rehearsal, GET)).attempts[0]?.target)
    rehearsal.restart()
    targets.push((await send(rehearsal, GET)).attempts[0]?.target)
    assert.deepEqual(targets, ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:1'])
  })

  it('counts with the real counters, and forgets at a restart', async () => {
    const rehearsal = await rehearse(
      'apis: [{ id: a, upstream: http://127.0.0.1:1, policies: [{ policy: rate-limit, options: { limit: 1, windowSeconds: 60 } }] }]',
    )
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 2; i++) statuses.push((await send(rehearsal, GET)).answer?.status)
    statuses.push((await send(rehearsal, GET, { address: '192.0.2.2' })).answer?.status)
    rehearsal.restart()
    statuses.push((await send(rehearsal, GET)).answer?.status)
    assert.deepEqual(statuses, [200, 429, 200, 200])
  })

  it('answers a preflight by the first cors whose condition holds, and past those before it', async () => {
    const cors = (origin: string) =>
      `{ policy: cors, when: "request.headers['origin'] == 'https://${origin}.example'", options: { origins: ["https://${origin}.example"] } }`
    const rehearsal = await rehearse(`
apis: [{ id: a, upstream: http://127.0.0.1:1, policies: [${cors('one')}, ${cors('two')}, { policy: key-auth }] }]`)
    const answers: unknown[] = []
    for (const origin of ['one', 'two', 'three']) {
      const asking = `OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://${origin}.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n`
      const { answer, attempts } = await send(rehearsal, asking)
      const allowed = answer?.headers.find(([name]) => name === 'Access-Control-Allow-Origin')?.[1]
      answers.push([answer?.status, allowed, attempts.length])
    }
    assert.deepEqual(answers, [
      [204, 'https://one.example', 0],
      [204, 'https://two.example', 0],
      [405, undefined, 0],
    ])
  })

  it('lets nobody past a guard whose condition is neither true nor false', async () => {
    const rehearsal = await rehearse(
      'apis: [{ id: a, upstream: http://127.0.0.1:1, policies: [{ policy: key-auth, when: request.query.y }] }]',
    )
    const { answer, problem, attempts } = await send(rehearsal, GET)
    assert.deepEqual([answer?.status, problem, attempts.length], [500, 'expression-failed', 0])
  })

  it('opens a tunnel only where one was asked for', async () => {
    const rehearsal = await rehearse(PLAIN)
    const asking = GET.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    assert.equal((await send(rehearsal, asking, { upstream: [{ status: 101 }] })).answer?.status, 101)
    assert.equal((await send(rehearsal, GET, { upstream: [{ status: 101 }] })).answer?.status, 502)
    assert.equal((await send(rehearsal, GET)).answer?.status, 200)
  })

  it('believes forwarding fields where the listener trusts the peer', async () => {
    const rehearsal = await rehearse(`
listeners: [{ id: public, port: 8080 }, { id: inside, port: 8081, trustedProxies: [192.0.2.0/24] }]
apis: [{ id: a, upstream: http://127.0.0.1:1, policies: [{ policy: ip-filter, options: { allow: [203.0.113.9/32] } }] }]`)
    const forwarded = GET.replace('\r\n\r\n', '\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n')
    assert.equal((await send(rehearsal, forwarded)).problem, 'address-denied')
    assert.equal((await send(rehearsal, forwarded, { listener: 'inside' })).answer?.status, 200)
    await assert.rejects(send(rehearsal, forwarded, { listener: 'none' }), /no listener "none"/)
  })
})
