/** Owns the proof that upstreams are reached over TLS, that nothing is sent to who cannot prove who it is, and that clients learn nothing of why. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { Server as HttpsServer } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { PROBLEMS } from '../packages/model/src/problems.ts'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findPeer, getPath, RunningPeer, toSkip } from './harness/peers.ts'
import { RawClient } from './harness/raw-client.ts'
import { TlsUpstream } from './harness/tls-upstreams.ts'

interface AccessRecord {
  readonly path: string
  readonly status: number
  readonly problem?: string
  readonly reason?: string
  readonly ended?: string
  readonly attempts?: number
}

/** Each upstream under a path that is its id. */
function configure(upstreams: Readonly<Record<string, string>>, policies = ''): string {
  const apis = Object.keys(upstreams).map(
    (id) =>
      `  - { id: ${id}, basePath: /${id}, upstream: ${id}, routes: [{ id: rest, path: "/{rest+}" }]${id === 'retried' ? policies : ''} }`,
  )
  return `gatewright: 1
accessLog: { file: ./access.log }
upstreams:
${Object.entries(upstreams)
  .map(([id, rest]) => `  - { id: ${id}, ${rest} }`)
  .join('\n')}
apis:
${apis.join('\n')}
`
}

const nginx = await findPeer('nginx')

describe('upstreams over TLS', () => {
  const authority = TestAuthority.create()
  const stranger = TestAuthority.create('Stranger')
  const issue = (name: string, days = 30) => authority.issue({ names: [name], days })
  const opened: { close(): Promise<void> }[] = []
  let gateway: RunningGateway
  let good: TlsUpstream
  let local: TlsUpstream

  async function open<Upstream extends { close(): Promise<void> }>(opening: Promise<Upstream>): Promise<Upstream> {
    const upstream = await opening
    opened.push(upstream)
    return upstream
  }

  before(async () => {
    good = await open(TlsUpstream.listen(issue('127.0.0.1')))
    const named = await open(TlsUpstream.listen(issue('orders.example')))
    local = await open(TlsUpstream.listen(issue('localhost')))
    const expired = await open(TlsUpstream.listen(issue('127.0.0.1', -1)))
    const alien = await open(TlsUpstream.listen(stranger.issue({ names: ['127.0.0.1'] })))
    const old = await open(TlsUpstream.listen(issue('127.0.0.1'), { maxVersion: 'TLSv1.2' }))
    const demands = { requestCert: true, ca: authority.certPem }
    const demanding = await open(TlsUpstream.listen(issue('127.0.0.1'), demands))
    const silent = await open(TlsUpstream.listenInSilence())
    const { cert, key } = authority.issue({ names: ['gateway.example'] })
    const ca = `ca: ${authority.cert}`
    gateway = await startGateway({
      yaml: configure(
        {
          good: `targets: ["${good.toUrl()}"], tls: { ${ca} }`,
          local: `targets: ["${local.toUrl('localhost')}"], tls: { ${ca} }`,
          named: `targets: ["${named.toUrl()}"], tls: { ${ca}, serverName: orders.example }`,
          misnamed: `targets: ["${named.toUrl()}"], tls: { ${ca} }`,
          expired: `targets: ["${expired.toUrl()}"], tls: { ${ca} }`,
          alien: `targets: ["${alien.toUrl()}"], tls: { ${ca} }`,
          unverified: `targets: ["${alien.toUrl()}"], tls: { verify: false }`,
          unnamed: `targets: ["${good.toUrl()}"]`,
          old: `targets: ["${old.toUrl()}"], tls: { ${ca} }`,
          modern: `targets: ["${old.toUrl()}"], tls: { ${ca}, minVersion: "1.3" }`,
          known: `targets: ["${demanding.toUrl()}"], tls: { ${ca}, clientCertificate: { cert: ${cert}, key: ${key} } }`,
          unknown: `targets: ["${demanding.toUrl()}"], tls: { ${ca} }`,
          silent: `targets: ["${silent.toUrl()}"], tls: { ${ca} }, timeouts: { connectMs: 300 }`,
          retried: `targets: ["${alien.toUrl()}", "${good.toUrl()}"], tls: { ${ca} }`,
          probed: `targets: ["${alien.toUrl()}", "${good.toUrl()}"], tls: { ${ca} }, health: { active: { intervalMs: 100, unhealthyAfter: 1 } }`,
        },
        ', policies: [{ policy: retry, options: { budgetMinimum: 1000, backoffMs: 0 } }]',
      ),
    })
  })
  after(async () => {
    await gateway?.stop()
    for (const upstream of opened) await upstream.close()
    authority.remove()
    stranger.remove()
  })

  async function get(path: string): Promise<{ status: number; text: string; all: string }> {
    const client = await RawClient.connect(gateway.port)
    await client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    const { status, body } = await client.getAnswer()
    client.close()
    return { status, text: body.toString(), all: client.received.toString('latin1') }
  }

  function recordOf(path: string, folder = gateway.folder): Promise<AccessRecord> {
    return until(async () => {
      const lines = (await readFile(join(folder, 'access.log'), 'utf8')).split('\n')
      const records = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AccessRecord)
      return records.find((record) => record.path === path)
    }, `the record of ${path}`)
  }

  const factsOf = async (path: string) => JSON.parse((await get(path)).text) as Record<string, string | false>

  it('are told the name that is asked for, and the version that both know', async () => {
    assert.deepEqual(await factsOf('/local/a'), {
      name: 'localhost',
      protocol: 'TLSv1.3',
      shown: 'nothing',
      host: `localhost:${local.port}`,
      proto: 'http',
    })
    assert.equal((await factsOf('/named/a')).name, 'orders.example')
    assert.equal((await factsOf('/good/a')).name, false)
    assert.equal((await factsOf('/old/a')).protocol, 'TLSv1.2')
  })

  it('are shown our certificate where they ask for one, and answer nobody who has none', async () => {
    assert.equal((await factsOf('/known/a')).shown, 'gateway.example')
    assert.equal((await get('/unknown/a')).status, 502)
  })

  it('need no proof where the file says so', async () => {
    assert.equal((await get('/unverified/a')).status, 200)
  })

  for (const [path, problem, reason] of [
    ['/alien/a', 'upstream-untrusted', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['/unnamed/a', 'upstream-untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['/expired/a', 'upstream-untrusted', 'CERT_HAS_EXPIRED'],
    ['/misnamed/a', 'upstream-untrusted', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['/modern/a', 'upstream-untrusted', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
    ['/silent/a', 'upstream-unreachable', 'ETIMEDOUT'],
  ] as const) {
    it(`that fail (${path}) are named in the record alone: ${reason}`, async () => {
      const [head, body = ''] = (await get(path)).all.split('\r\n\r\n')
      assert.deepEqual(
        head
          ?.replace(/[0-9a-f]{32}/, 'ID')
          .replace(/\w+, .* GMT/, 'NOW')
          .split('\r\n'),
        [
          'HTTP/1.1 502 Bad Gateway',
          'Content-Type: application/problem+json',
          'Date: NOW',
          'X-Request-Id: ID',
          `Content-Length: ${body.length}`,
        ],
      )
      const { instance, ...rest } = JSON.parse(body) as Record<string, unknown>
      assert.match(String(instance), /^urn:request:[0-9a-f]{32}$/)
      assert.deepEqual(rest, { type: `urn:gatewright:problem:${problem}`, title: PROBLEMS[problem].title, status: 502 })
      const record = await recordOf(path)
      assert.deepEqual([record.status, record.problem, record.reason], [502, problem, reason])
    })
  }

  it('that fail may be followed by others: nothing was sent', async () => {
    for (let i = 0; i < 4; i++) assert.equal((await get(`/retried/${i}`)).status, 200)
    const records = await Promise.all([0, 1, 2, 3].map((i) => recordOf(`/retried/${i}`)))
    // Each in turn: a first try is another's second.
    assert.deepEqual(
      records.map(({ attempts }) => attempts),
      [2, 2, 2, 2],
    )
  })

  it('are probed over TLS, and asked for the same proof', async () => {
    await until(
      async () => (gateway.stderr.includes('UNABLE_TO_GET_ISSUER_CERT_LOCALLY') ? true : undefined),
      'the probe',
    )
    for (let i = 0; i < 4; i++) assert.equal((await get('/probed/a')).status, 200)
  })

  it('keep their connections, and resume their sessions', async () => {
    const before = good.connections
    const client = await RawClient.connect(gateway.port)
    for (let i = 0; i < 5; i++) {
      await client.write('GET /good/a HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal((await client.getAnswer()).status, 200)
    }
    client.close()
    assert.ok(good.connections - before <= 1, `${good.connections - before} connections`)
    assert.equal(await gateway.metric('gatewright_upstream_connections{upstream="good"}'), 1)
    const sessions: string[] = []
    for (let i = 0; i < 3; i++) sessions.push((await get('/good/session')).text)
    assert.deepEqual(sessions.slice(1), ['resumed', 'resumed'])
  })

  it('carry bodies both ways', async () => {
    const body = Buffer.alloc(1_048_576, 'abcdefghijklm')
    for (const [framing, chunked] of [
      [`Content-Length: ${body.length}`, body],
      [
        'Transfer-Encoding: chunked',
        Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
      ],
    ] as const) {
      const client = await RawClient.connect(gateway.port)
      await client.write(`POST /good/echo HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      await client.write(chunked)
      assert.ok((await client.getAnswer()).body.equals(body))
      client.close()
    }
  })

  it('may end an answer by closing, and cannot be cut off unnoticed', async () => {
    assert.equal((await get('/good/closed')).text, 'hello')
    for (const version of ['1.1', '1.0']) {
      const client = await RawClient.connect(gateway.port)
      await client.write(`GET /good/cut HTTP/${version}\r\nHost: a\r\n\r\n`)
      assert.equal(await client.nextAnswer(), undefined)
      assert.equal(client.ended, 'reset')
      client.close()
    }
    assert.equal((await recordOf('/good/cut')).ended, 'upstream-broke')
  })

  it('are not shown to clients that they send elsewhere', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write('GET /good/moved HTTP/1.1\r\nHost: shop.example\r\n\r\n')
    assert.equal(findField(await client.getAnswer(), 'location'), 'http://shop.example/good/elsewhere')
    client.close()
  })

  it('carry WebSockets', async () => {
    const echo = new WebSocketServer({ server: good.server as HttpsServer })
    echo.on('connection', (socket) => {
      socket.send('hello')
      socket.on('message', (data: RawData, isBinary: boolean) => socket.send(data, { binary: isBinary }))
    })
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/good/socket`)
    const [greeting] = (await within(once(socket, 'message'), 'the greeting')) as [Buffer]
    assert.equal(greeting.toString(), 'hello')
    const message = Buffer.alloc(4_000_000, 'abcdefg')
    const reply = once(socket, 'message')
    socket.send(message)
    const [data] = (await within(reply, 'the echo')) as [Buffer]
    assert.ok(data.equals(message))
    const closed = once(socket, 'close')
    for (const peer of echo.clients) peer.close(4321, 'bye')
    assert.equal((await within(closed, 'the close'))[0], 4321)
    echo.close()
  })

  it('are refused before the snapshot runs where a file is of no use, and followed when it is mended', async () => {
    const yaml = await readFile(gateway.configFile, 'utf8')
    const file = join(gateway.folder, 'own-ca.pem')
    const toYaml = yaml.replace('{ id: unnamed, ', '{ id: unnamed, tls: { ca: ./own-ca.pem }, ')
    await writeFile(file, 'no certificate')
    await gateway.rewrite(toYaml)
    await until(async () => {
      const fault = (await gateway.snapshot())?.configuration.fault ?? ''
      return /own-ca\.pem: it holds no certificate/.test(fault) || undefined
    }, 'the fault')
    assert.equal((await get('/unnamed/b')).status, 502)
    assert.equal((await get('/good/a')).status, 200)
    await writeFile(file, authority.certPem)
    await until(async () => (await get('/unnamed/b')).status === 200 || undefined, 'the file to be read again')
  })

  for (const [what, variable] of [
    ['the store of the system', 'SSL_CERT_FILE'],
    ['the environment', 'NODE_EXTRA_CA_CERTS'],
  ] as const) {
    it(`are trusted where ${what} trusts them`, async () => {
      const own = await startGateway({
        yaml: configure({ unnamed: `targets: ["${good.toUrl()}"]` }),
        env: { [variable]: authority.cert },
      })
      try {
        const client = await RawClient.connect(own.port)
        await client.write('GET /unnamed/a HTTP/1.1\r\nHost: a\r\n\r\n')
        assert.equal((await client.getAnswer()).status, 200)
        client.close()
      } finally {
        await own.stop()
      }
    })
  }
})

describe('nginx over TLS', { skip: toSkip(nginx) }, () => {
  it('answers one request after another on the same connection', async () => {
    const authority = TestAuthority.create()
    const { cert, key } = authority.issue({ names: ['localhost'] })
    const peer = await RunningPeer.configured(
      'nginx',
      getPath(nginx),
      (port, folder) => `
daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location / { return 200 "$connection $connection_requests $ssl_session_reused"; }
    location /once { keepalive_timeout 0; return 200 "$ssl_session_reused"; }
  }
}`,
    )
    const gateway = await startGateway({
      yaml: configure({ nginx: `targets: ["https://localhost:${peer.port}"], tls: { ca: ${authority.cert} }` }),
    })
    try {
      const client = await RawClient.connect(gateway.port)
      const ask = async (path: string): Promise<string> => {
        await client.write(`GET /nginx${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
        return (await client.getAnswer()).body.toString()
      }
      const answers: string[] = []
      for (let i = 0; i < 3; i++) answers.push(await ask('/a'))
      const connection = answers[0]?.split(' ')[0]
      assert.deepEqual(
        answers.map((answer) => answer.split(' ').slice(0, 2).join(' ')),
        [1, 2, 3].map((request) => `${connection} ${request}`),
      )
      // The first goes out on the connection that is there, and ends it.
      const reused: string[] = []
      for (let i = 0; i < 4; i++) reused.push(await ask('/once'))
      assert.deepEqual(reused.slice(1), ['r', 'r', 'r'])
      client.close()
    } finally {
      await gateway.stop()
      await peer.stop()
      authority.remove()
    }
  })
})
