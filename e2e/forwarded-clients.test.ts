/** Owns the proof of who the client is when others speak for it: PROXY protocol and forwarding fields, from trusted peers and from strangers. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { until } from './harness/deadline.ts'
import { type Delivery, deliveriesOf } from './harness/deliveries.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, getPath, RunningPeer, toSkip } from './harness/peers.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream, type Testimony } from './harness/raw-upstream.ts'

/** Loopback is all of 127/8: one address of it is a trusted balancer here, others are strangers. */
const TRUSTED = '127.0.0.1'
const STRANGER = '127.0.0.2'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
/** Version 2, PROXY, TCP over IPv4, as latin1; the last part of the address alone differs. */
const version2 = (last: number) =>
  `${SIGNATURE}\x21\x11\0\x0c\xc0\0\x02${String.fromCharCode(last)}\x0a\0\0\x01\x30\x39\0\x50`
const version1 = (last: number) => `PROXY TCP4 192.0.2.${last} 10.0.0.1 12345 80\r\n`
const HEADERS = { 'version 1': version1, 'version 2': version2 } as const

const request = (target: string, fields: readonly string[] = []) =>
  [`GET ${target} HTTP/1.1`, 'Host: api.example.com', ...fields, '', ''].join('\r\n')

describe('a client that others speak for', () => {
  let upstream: RawUpstream
  let gateway: RunningGateway
  /** Of the listener that requires the PROXY protocol; `gateway.port` is the other's. */
  let proxiedPort: number

  before(async () => {
    upstream = await listenAsWitness()
    proxiedPort = await findFreePort()
    gateway = await startGateway({
      threads: 2,
      yaml: `gatewright: 1
listeners:
  - { id: plain, host: 127.0.0.1, port: 8080, trustedProxies: [${TRUSTED}] }
  - { id: proxied, host: 127.0.0.1, port: ${proxiedPort}, trustedProxies: [${TRUSTED}], proxyProtocol: true }
accessLog: { file: ./access.log }
apis:
  - id: all
    basePath: /
    upstream: ${upstream.url}
    routes:
      - { id: filtered, path: "/filtered/{rest+}", policies: [{ policy: ip-filter, options: { deny: [192.0.2.66] } }] }
      - { id: limited, path: "/limited/{rest+}", policies: [{ policy: rate-limit, options: { limit: 2, windowSeconds: 3600 } }] }
      - { id: rest, path: "/{rest+}" }
`,
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  interface Sending {
    readonly port: number
    readonly from?: string
    readonly delivery?: Delivery
  }

  async function ask(bytes: string, { port, from = TRUSTED, delivery = 'whole' }: Sending): Promise<Answer> {
    const client = await RawClient.connect(port, '127.0.0.1', from)
    try {
      await client.deliver(bytes, delivery)
      return await client.getAnswer()
    } finally {
      client.reset()
    }
  }

  const toTestimony = (answer: Answer): Testimony => parseTestimony(findField(answer, 'x-saw') ?? '')

  /** Who the access record says the client of this path was. */
  function recordedClient(path: string): Promise<string> {
    return until(async () => {
      const lines = (await readFile(join(gateway.folder, 'access.log'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
      const records = lines.map((line) => JSON.parse(line) as { path: string; client: string })
      return records.find((record) => record.path === path)?.client
    }, `the record of ${path}`)
  }

  for (const [name, toHeader] of Object.entries(HEADERS)) {
    describe(`by PROXY protocol, ${name}`, () => {
      const short = name.replace('version ', 'v')

      it('is who the header says, wherever its bytes are cut', () =>
        checkEvery(deliveriesOf(toHeader(7) + request('/cut')), async (delivery) => {
          const saw = toTestimony(await ask(toHeader(7) + request('/cut'), { port: proxiedPort, delivery }))
          assert.equal(saw.target, '/cut')
          assert.equal(findField(saw, 'x-forwarded-for'), '192.0.2.7')
        }))

      it('is it for every request of the connection, for the upstream and for the record', async () => {
        const client = await RawClient.connect(proxiedPort)
        await client.write(toHeader(8))
        for (const path of [`/${short}/first`, `/${short}/second`]) {
          await client.write(request(path, ['X-Forwarded-For: 203.0.113.1', 'Forwarded: for=203.0.113.1']))
          const saw = toTestimony(await client.getAnswer())
          // The client is a stranger, whoever speaks for it: what it says itself is replaced.
          assert.equal(findField(saw, 'x-forwarded-for'), '192.0.2.8')
          assert.equal(findField(saw, 'forwarded'), undefined)
          assert.equal(await recordedClient(path), '192.0.2.8')
        }
        client.close()
      })

      it('is whom ip-filter looks at', async () => {
        const path = `/filtered/${short}`
        const denied = await ask(toHeader(66) + request(path), { port: proxiedPort })
        assert.deepEqual([denied.status, findProblemCode(denied)], [403, 'address-denied'])
        assert.equal((await ask(toHeader(67) + request(path), { port: proxiedPort })).status, 200)
      })

      it('is whom rate-limit counts', async () => {
        // Each version has addresses of its own, or it would meet the other's counts.
        const first = name === 'version 1' ? 100 : 110
        for (const address of [first, first + 1]) {
          const statuses = []
          for (let i = 0; i < 3; i++) {
            const { status } = await ask(toHeader(address) + request('/limited/a'), { port: proxiedPort })
            statuses.push(status)
          }
          assert.deepEqual(statuses, [200, 200, 429])
        }
      })

      it('is not believed from a stranger, who gets no answer at all', async () => {
        const target = `/stranger/${short}`
        await checkEvery(['whole', 'bytes', 5] as const, async (delivery) => {
          const client = await RawClient.connect(proxiedPort, '127.0.0.1', STRANGER)
          await client.deliver(toHeader(7) + request(target), delivery)
          await client.end()
          assert.equal(client.received.length, 0)
          client.close()
        })
        await ask(toHeader(7) + request('/after'), { port: proxiedPort })
        assert.ok(!upstream.requests.some((seen) => seen.target === target))
      })

      it('is malformed where the listener does not take it, from whomever', async () => {
        for (const from of [TRUSTED, STRANGER]) {
          const answer = await ask(toHeader(7) + request('/plain'), { port: gateway.port, from })
          assert.deepEqual([answer.status, findProblemCode(answer)], [400, 'malformed-request'])
        }
      })
    })
  }

  describe('a trusted balancer', () => {
    for (const [what, header] of [
      ['version 1', 'PROXY UNKNOWN\r\n'],
      ['version 2', `${SIGNATURE}\x20\0\0\0`],
    ] as const) {
      it(`that speaks for itself in ${what} is the client`, async () => {
        const saw = toTestimony(await ask(header + request('/itself'), { port: proxiedPort }))
        assert.equal(findField(saw, 'x-forwarded-for'), TRUSTED)
      })
    }

    for (const [what, bytes] of [
      ['no header', request('/none')],
      ['a header of no version', version1(7).replace('TCP4', 'TCP5') + request('/none')],
      ['a header without its end', 'PROXY TCP4 192.0.2.7'.padEnd(120, ' ')],
      ['a header of version 2 with an address too short', version2(7).replace('\0\x0c', '\0\x0b') + request('/none')],
      ['half a signature', `${SIGNATURE.slice(0, 8)}GET / HTTP/1.1`],
    ] as const) {
      it(`that sends ${what} gets no answer`, async () => {
        const client = await RawClient.connect(proxiedPort)
        await client.write(bytes)
        await client.end()
        assert.equal(client.received.length, 0)
        client.close()
        assert.ok(!upstream.requests.some(({ target }) => target === '/none'))
      })
    }

    it('that vanishes in its header takes nobody with it', async () => {
      await checkEvery(
        Array.from({ length: 40 }, (_, index) => index),
        async (index) => {
          const client = await RawClient.connect(proxiedPort)
          await client.write((index % 2 === 0 ? version1(7) : version2(7)).slice(0, index % 20))
          if (index % 4 < 2) client.reset()
          else client.close()
        },
      )
      assert.equal((await ask(version1(7) + request('/a'), { port: proxiedPort })).status, 200)
      assert.doesNotMatch(gateway.stderr, /a data thread ended/)
    })
  })

  describe('by forwarding fields', () => {
    const FIELDS = [
      'X-Forwarded-For: 203.0.113.9, 198.51.100.7',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: shop.example.com',
      'X-Forwarded-Port: 8443',
      'Forwarded: for=198.51.100.7;proto=https',
    ]
    const forwarding = (saw: Testimony) =>
      ['for', 'proto', 'host', 'port'].map((name) => findField(saw, `x-forwarded-${name}`))

    it('of a trusted proxy is the nearest that is not trusted, and what it says is extended', async () => {
      const saw = toTestimony(await ask(request('/trusted', FIELDS), { port: gateway.port }))
      assert.deepEqual(forwarding(saw), [`203.0.113.9, 198.51.100.7, ${TRUSTED}`, 'https', 'shop.example.com', '8443'])
      assert.equal(findField(saw, 'forwarded'), `for=198.51.100.7;proto=https, for=${TRUSTED};proto=https`)
      assert.equal(await recordedClient('/trusted'), '198.51.100.7')
    })

    it('of a stranger is the stranger, and what it says is replaced, however it is spelt', async () => {
      const spelt = [
        ...FIELDS,
        'X_Forwarded_For: 203.0.113.1',
        'X-Real-IP: 203.0.113.1',
        'x-forwarded-for: 203.0.113.2',
      ]
      const saw = toTestimony(await ask(request('/stranger', spelt), { port: gateway.port, from: STRANGER }))
      assert.deepEqual(forwarding(saw), [STRANGER, 'http', 'api.example.com', `${gateway.port}`])
      const told = saw.fields.map(([name, value]) => `${name}: ${value}`)
      assert.deepEqual(
        told.filter((line) => /203\.0\.113|198\.51\.100|^forwarded:|real.ip/i.test(line)),
        [],
      )
      assert.equal(await recordedClient('/stranger'), STRANGER)
    })

    it('frames and names nothing with fields that have _ for -, and tells no upstream its proxy', async () => {
      const names = ['Content_Length', 'Transfer_Encoding', 'X_Request_Id', 'X_Forwarded_For', 'Proxy']
      for (const from of [STRANGER, TRUSTED]) {
        const fields = names.map((name) => `${name}: evil`)
        const saw = toTestimony(await ask(request('/twins', fields), { port: gateway.port, from }))
        assert.deepEqual(
          saw.fields.filter(([, value]) => value.includes('evil')),
          [],
        )
      }
    })

    it('is whom ip-filter and rate-limit look at, from a trusted proxy alone', async () => {
      const field = (last: number) => [`X-Forwarded-For: 192.0.2.${last}`]
      const status = async (target: string, last: number, from: string) =>
        (await ask(request(target, field(last)), { port: gateway.port, from })).status
      assert.equal(await status('/filtered/a', 66, TRUSTED), 403)
      assert.equal(await status('/filtered/a', 67, TRUSTED), 200)
      assert.equal(await status('/filtered/a', 66, STRANGER), 200)
      const limited = []
      for (const last of [120, 120, 120, 121]) limited.push(await status('/limited/a', last, TRUSTED))
      assert.deepEqual(limited, [200, 200, 429, 200])
      const strange = []
      for (const last of [130, 131, 132]) strange.push(await status('/limited/a', last, STRANGER))
      assert.deepEqual(strange, [200, 200, 429])
    })

    it('of a client behind the PROXY protocol that is a trusted proxy itself are believed', async () => {
      const header = `PROXY TCP4 ${TRUSTED} 10.0.0.1 12345 80\r\n`
      const saw = toTestimony(
        await ask(header + request('/both', ['X-Forwarded-For: 203.0.113.9']), { port: proxiedPort }),
      )
      assert.equal(findField(saw, 'x-forwarded-for'), `203.0.113.9, ${TRUSTED}`)
      assert.equal(await recordedClient('/both'), '203.0.113.9')
    })
  })
})

const haproxy = await findPeer('haproxy')

describe('HAProxy in front', { skip: toSkip(haproxy) }, () => {
  for (const [option, mode] of [
    ['send-proxy', 'tcp'],
    ['send-proxy-v2', 'tcp'],
    ['send-proxy-v2', 'http'],
  ] as const) {
    // A check that a busy machine answers late must not take the gateway out: hence `fall`.
    it(`with ${option} in mode ${mode} says who its clients are, and checks our health by it`, async () => {
      const upstream = await listenAsWitness()
      const gateway = await startGateway({
        yaml: `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, trustedProxies: [${TRUSTED}], proxyProtocol: true }]
accessLog: off
apis: [{ id: all, basePath: /, upstream: "${upstream.url}", routes: [{ id: rest, path: "/{rest+}" }] }]
`,
      })
      const peer = await RunningPeer.configured(
        'haproxy',
        getPath(haproxy),
        (port) => `
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout check 10s
frontend in
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  option httpchk GET /health
  server gateway 127.0.0.1:${gateway.port} ${option} check check-send-proxy inter 200ms fall 1000
`,
      )
      try {
        for (const from of ['127.0.0.3', '127.0.0.4']) {
          const client = await RawClient.connect(peer.port, '127.0.0.1', from)
          for (const target of ['/one', '/two']) {
            await client.write(request(target, ['X-Forwarded-For: 203.0.113.1']))
            const saw = parseTestimony(findField(await client.getAnswer(), 'x-saw') ?? '')
            assert.deepEqual([saw.target, findField(saw, 'x-forwarded-for')], [target, from])
          }
          client.close()
        }
        const check = await until(() => upstream.requests.find(({ target }) => target === '/health'), 'a health check')
        assert.equal(findField(check, 'x-forwarded-for'), TRUSTED)
      } finally {
        await peer.stop()
        await gateway.stop()
        await upstream.close()
      }
    })
  }
})
