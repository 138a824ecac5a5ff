/** Owns the proof that what an attacker or a bad day tried once does not work: hostile clients, hostile upstreams, misfortunes of operation. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { checkEvery } from './harness/batches.ts'
import { forwardAll } from './harness/configurations.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { APPS, KEY } from './harness/keys.ts'
import { exchange, get, RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, RawUpstream, type Testimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

const run = promisify(execFile)
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'

/** What the upstream saw of a request that was answered 200. */
function testimonyOf(answer: Answer): Testimony {
  assert.equal(answer.status, 200, answer.body.toString())
  return parseTestimony(findField(answer, 'x-saw') ?? '')
}

/** Values under each name that CGI and WSGI cannot tell from `name`. */
const valuesOf = (fields: Testimony['fields'], name: string) =>
  fields.filter(([each]) => each.toLowerCase().replaceAll('_', '-') === name).map(([, value]) => value)

const forClients = (url: string) => `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
accessLog: off
apis:
  - id: guarded
    basePath: /guarded
    upstream: ${url}
    policies: [{ policy: key-auth, options: { toUpstream: { app: X-App-Id } } }]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: partner
    basePath: /partner
    upstream: ${url}
    policies: [{ policy: key-auth, options: { name: X-Partner-Key, forward: true } }]
    routes: [{ id: rest, path: "/{rest+}" }]
  - id: received
    basePath: /received
    paths: received
    upstream: ${url}
    routes:
      - { id: open, path: "/open/{rest+}" }
      - { id: admin, path: "/admin/{rest+}", policies: [{ policy: key-auth }] }
  - id: limited
    basePath: /limited
    upstream: ${url}
    policies: [{ policy: rate-limit, options: { limit: 50, windowSeconds: 3600 } }]
    routes: [{ id: a, methods: [GET], path: /a }, { id: rest, path: "/{rest+}" }]
  - id: echo
    basePath: /echo
    policies:
      - policy: respond
        options: { headers: { X-Echo: "\${request.query.q}" }, body: echo }
    routes: [{ id: all, path: / }]
  - id: shaped
    basePath: /shaped
    errors: { default: { status: 418 } }
    upstream: ${url}
    routes: [{ id: none, path: /none }]
  - id: signed
    basePath: /signed
    upstream: ${url}
    policies: [{ policy: hmac-auth, options: { keys: { p: { algorithm: hmac-sha256, secret: "${'s'.repeat(32)}", app: tester } } } }]
  - { id: rest, basePath: /, upstream: "${url}", routes: [{ id: rest, path: "/{rest+}" }] }
${APPS}`

describe('a hostile client', () => {
  const stage = stageGateway((url) => ({ yaml: forClients(url), threads: 2 }))

  it('cannot say who it is in trailers, in any spelling', async () => {
    const head = `POST /guarded/a HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n`
    const { fields, trailers } = testimonyOf(
      await exchange(stage.gateway.port, `${head}1\r\nz\r\n0\r\nX-App-Id: root\r\nX_App_Id: root\r\n\r\n`),
    )
    assert.deepEqual(valuesOf(fields, 'x-app-id'), ['tester'])
    assert.deepEqual(valuesOf(trailers, 'x-app-id'), [])
  })

  it('sends no credential in trailers that nobody checked, in any spelling', async () => {
    const head = `POST /partner/a HTTP/1.1\r\nHost: a\r\nX-Partner-Key: ${KEY}\r\nTransfer-Encoding: chunked\r\n\r\n`
    const { fields, trailers } = testimonyOf(
      await exchange(
        stage.gateway.port,
        `${head}1\r\nz\r\n0\r\nX-Partner-Key: other\r\nx_partner-key: other\r\nSignature: a=:AA==:\r\nSignature_Input: a=()\r\nX-Sum: 1\r\n\r\n`,
      ),
    )
    assert.deepEqual(valuesOf(fields, 'x-partner-key'), [KEY])
    assert.deepEqual(trailers, [['X-Sum', '1']])
  })

  it('cannot say who it is in fields, in any spelling', async () => {
    for (const path of ['/guarded/a', '/a']) {
      const key = path === '/a' ? [] : [`X-Api-Key: ${KEY}`]
      const answer = await get(stage.gateway.port, path, [...key, 'X-App-Id: root', 'X_App_Id: root', 'x-app_id: root'])
      assert.deepEqual(valuesOf(testimonyOf(answer).fields, 'x-app-id'), path === '/a' ? [] : ['tester'])
    }
  })

  for (const name of ['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'Forwarded']) {
    it(`cannot say ${name}, in any spelling`, async () => {
      const spellings = new Set([name, name.replace('-', '_'), name.replaceAll('-', '_')])
      const answer = await get(
        stage.gateway.port,
        '/a',
        [...spellings].map((spelling) => `${spelling}: forged`),
      )
      const values = valuesOf(testimonyOf(answer).fields, name.toLowerCase())
      assert.deepEqual(
        values.filter((value) => value.includes('forged')),
        [],
      )
    })
  }

  it('cannot say X-Forwarded-Prefix and its like, from which servers make links', async () => {
    const answer = await get(stage.gateway.port, '/a', ['X-Forwarded-Prefix: /evil', 'X-Forwarded-Server: evil'])
    const { fields } = testimonyOf(answer)
    assert.deepEqual([...valuesOf(fields, 'x-forwarded-prefix'), ...valuesOf(fields, 'x-forwarded-server')], [])
  })

  it('gets exactly as many requests as the limit allows, however it spells, pipelines and spreads them', async () => {
    const paths = ['/limited/a', '/limited/%61', '/limited/./a', '/limited/x/../a', '/limited/b']
    const forged = 'X-Forwarded-For: 192.0.2.9\r\nForwarded: for=192.0.2.9\r\n'
    let allowed = 0
    await checkEvery(
      Array.from({ length: 24 }, (_, i) => i),
      async (i) => {
        const client = await RawClient.connect(stage.gateway.port)
        const methods = ['GET', 'PUT', 'QUERY', 'GET', 'FOO']
        const requests = methods.map(
          (method, n) => `${method} ${paths[(i + n) % paths.length]} HTTP/1.1\r\nHost: a\r\n`,
        )
        await client.write(requests.map((request) => `${request}${forged}\r\n`).join(''))
        for (const _ of methods) {
          const { status } = await client.getAnswer()
          if (status === 200) allowed++
          else assert.ok(status === 429 || status === 400, `${status}`)
        }
        client.reset()
      },
      8,
    )
    assert.equal(allowed, 50)
  })

  for (const path of [
    '/open/../admin/x',
    '/open/%2e%2e/admin/x',
    '/open/..;/admin/x',
    '/open/..%2fadmin/x',
    '/open//../admin/x',
    '/open/x/..%5c..%5cadmin/x',
    '/open/x%2f..%2f..%2fadmin%2fx',
    '/./admin/x',
    '/%61dmin/x',
    '/admin;a=b/x',
  ]) {
    it(`gets nowhere without a key by ${path}`, async () => {
      stage.upstream.forget()
      const { status } = await get(stage.gateway.port, `/received${path}`)
      assert.ok(status === 400 || status === 401, `${status}`)
      assert.deepEqual(stage.upstream.requests, [])
    })
  }

  for (const fields of [
    [],
    [`X_Api_Key: ${KEY}`],
    [`X-Api-Key: ${KEY}, ${KEY}`],
    [`X-Api-Key: ${KEY}`, 'X-Api-Key: other'],
    ['X-Api-Key:', `X-Api-Key: ${KEY}`],
    [`X-Api-Key: ${KEY}`, 'Connection: X-Api-Key'],
  ]) {
    it(`is not let in by ${JSON.stringify(fields)}`, async () => {
      assert.equal((await get(stage.gateway.port, '/guarded/a', fields)).status, 401)
    })
  }

  it('cannot write a field of its answer by a value that a policy repeats', async () => {
    const answer = await get(stage.gateway.port, '/echo?q=a%0d%0aSet-Cookie:%20b=c')
    assert.equal(findProblemCode(answer), 'expression-failed')
    assert.equal(findField(answer, 'set-cookie'), undefined)
  })

  it('is told one status, in the head and in the document', async () => {
    const answer = await get(stage.gateway.port, '/shaped/other')
    const { status } = JSON.parse(answer.body.toString()) as { status: number }
    assert.deepEqual([answer.status, status], [418, 418])
  })
})

const forUpstreams = (url: string) => `gatewright: 1
accessLog: off
upstreams: [{ id: hostile, targets: [{ url: "${url}" }], timeouts: { firstByteMs: 3000 } }]
apis: [{ id: all, basePath: /, upstream: hostile, routes: [{ id: rest, path: "/{rest+}" }] }]
`

/** More than the kernel holds for both connections together, by far. */
const MOST_UNREAD_BYTES = 48 * 1024 * 1024

describe('a hostile upstream', () => {
  let floodedBytes = 0
  const stage = stageGateway(forUpstreams, () =>
    RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/flood') {
          const interim = Buffer.from(`HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(60_000)}\r\n\r\n`.repeat(16))
          const more = (error?: Error | null) => {
            // What could not be written was taken by nobody.
            if (error) return
            floodedBytes += interim.length
            if (!socket.destroyed && floodedBytes < 2 * MOST_UNREAD_BYTES) socket.write(interim, more)
          }
          socket.write(interim, more)
        } else if (target === '/socket') {
          const hop = 'Content-Length: 10\r\nKeep-Alive: timeout=5\r\nX-Request-Id: theirs\r\n'
          socket.write(`HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${hop}\r\n`)
        } else if (target === '/head') {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n')
          setImmediate(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON'))
        } else if (target === '/short') {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort')
        } else if (target === '/short-chunks') {
          socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n')
        } else {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')
        }
      },
    }),
  )

  it('cannot fill the memory with interim answers that the client does not read', async () => {
    const client = await RawClient.connect(stage.gateway.port)
    client.socket.pause()
    await client.write('GET /flood HTTP/1.1\r\nHost: a\r\n\r\n')
    const flooding = await stage.upstream.connectionThat(
      ({ requests }) => requests.at(-1)?.target === '/flood',
      'the flood',
    )
    await until(
      () => flooding.isClosed || floodedBytes > MOST_UNREAD_BYTES || undefined,
      'the gateway to break off, or to have taken too much',
    )
    assert.ok(floodedBytes <= MOST_UNREAD_BYTES, `${floodedBytes} bytes were taken for a client that read nothing`)
    client.reset()
  })

  it('cannot frame a 101, nor name the exchange', async () => {
    const answer = await get(stage.gateway.port, '/socket', ['Upgrade: websocket', 'Connection: Upgrade'])
    assert.equal(answer.status, 101)
    // RFC 9110 §8.6: no Content-Length in 1xx.
    assert.equal(findField(answer, 'content-length'), undefined)
    assert.equal(findField(answer, 'keep-alive'), undefined)
    assert.match(findField(answer, 'x-request-id') ?? '', /^[0-9a-f]{32}$/)
  })

  it('reaches nobody else with what follows an answer to HEAD', async () => {
    for (let round = 0; round < 20; round++) {
      assert.equal(
        (await exchange(stage.gateway.port, 'HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n', { method: 'HEAD' })).status,
        200,
      )
      assert.equal((await get(stage.gateway.port, '/next')).body.toString(), 'good')
    }
  })

  for (const target of ['/short', '/short-chunks']) {
    it(`never makes a body that breaks off look whole: ${target}`, async () => {
      const client = await RawClient.connect(stage.gateway.port)
      await client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal(await client.nextAnswer(), undefined)
      client.reset()
    })
  }

  it('is asked nothing that hides in the body of a handshake, or behind an early answer', async () => {
    const length = `Content-Length: ${HIDDEN.length}\r\n`
    for (const fields of [
      `Upgrade: websocket\r\nConnection: Upgrade\r\n${length}`,
      `Expect: 100-continue\r\n${length}`,
    ]) {
      stage.upstream.forget()
      const client = await RawClient.connect(stage.gateway.port)
      await client.write(
        `POST /next HTTP/1.1\r\nHost: a\r\n${fields}\r\n${HIDDEN}GET /last HTTP/1.1\r\nHost: a\r\n\r\n`,
      )
      for (let answers = 0; answers < 2; answers++) assert.equal((await client.getAnswer()).status, 200)
      client.reset()
      assert.deepEqual(
        stage.upstream.requests.map(({ target }) => target),
        ['/next', '/last'],
      )
    }
  })
})

const behindProxy = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, trustedProxies: ["127.0.0.1"] }]
accessLog: off
policies: [{ policy: ip-filter, options: { allow: ["192.0.2.1"] } }]
apis: [{ id: all, basePath: /, upstream: "${url}", routes: [{ id: rest, path: "/{rest+}" }] }]
`

describe('a client of a trusted proxy', () => {
  const stage = stageGateway(behindProxy)

  for (const [field, status] of [
    ['X-Forwarded-For: 192.0.2.1', 200],
    ['X-Forwarded-For: 192.0.2.1, 203.0.113.7', 403],
    ['X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 203.0.113.7', 403],
    ['X-Forwarded-For: 203.0.113.7, unknown', 403],
    ['Forwarded: for=192.0.2.1', 200],
    ['Forwarded: for=192.0.2.1, for=203.0.113.7', 403],
    // RFC 7239 §4: values may be quoted strings, and a proxy quotes what its client said: a Host, for one.
    ['Forwarded: for=203.0.113.7;host="a,for=192.0.2.1"', 403],
    ['Forwarded: for=203.0.113.7;host="a;for=192.0.2.1"', 403],
    // What a proxy wrote into one field does not vouch for the other, which it may have passed on.
    ['X-Forwarded-For: 192.0.2.1\r\nForwarded: for=203.0.113.7', 403],
  ] as const) {
    it(`that is told of by ${JSON.stringify(field)} gets ${status}`, async () => {
      assert.equal((await get(stage.gateway.port, '/a', [field])).status, status)
    })
  }
})

const marked = (url: string, mark: string, log = 'off') =>
  forwardAll(
    url,
    `policies: [{ policy: set-headers, options: { on: response, set: { X-Mark: "${mark}" } } }]\n`,
  ).replace('accessLog: off', `accessLog: ${log}`)

describe('a bad day of operation', () => {
  let upstream: RawUpstream
  let folder: string

  before(async () => {
    upstream = await listenAsWitness()
    folder = await mkdtemp(join(tmpdir(), 'gatewright-attacks-'))
  })
  after(async () => {
    await upstream?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function withGateway(yaml: string, use: (gateway: RunningGateway) => Promise<void>, args: string[] = []) {
    const gateway = await startGateway({ yaml, threads: 2, args })
    try {
      await use(gateway)
    } finally {
      await gateway.stop()
    }
  }

  const hasMark = (gateway: RunningGateway, mark: string) =>
    until(async () => findField(await get(gateway.port, '/a'), 'x-mark') === mark || undefined, `mark ${mark}`)

  it('an access log that cannot be opened is a fault of the new configuration, and the old one serves on', () =>
    withGateway(marked(upstream.url, 'old'), async (gateway) => {
      await gateway.rewrite(marked(upstream.url, 'new', `{ file: ${join(folder, 'no/such/folder/access.log')} }`))
      await until(() => gateway.stderr.includes('access.log') || undefined, 'a line about it')
      assert.doesNotMatch(gateway.stderr, /live on every thread|a data thread ended/)
      await checkEvery(Array.from({ length: 20 }), async () => {
        assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'old')
      })
      assert.match((await gateway.status('snapshot'))?.text ?? '', /"fault": "[^"]*access\.log/)
    }))

  it('a configuration that was gone for a while is taken up when it is back', () =>
    withGateway(marked(upstream.url, 'old'), async (gateway) => {
      await rm(gateway.configFile)
      await until(() => gateway.stderr.includes('is not used') || undefined, 'the gateway to notice')
      assert.equal(findField(await get(gateway.port, '/a'), 'x-mark'), 'old')
      await gateway.rewrite(marked(upstream.url, 'new'))
      await hasMark(gateway, 'new')
    }))

  it('a folder that a link was moved to is watched from the next SIGHUP on', async () => {
    const releases = await mkdtemp(join(folder, 'releases-'))
    for (const release of ['1', '2']) {
      await mkdir(join(releases, release))
      await writeFile(join(releases, release, 'gatewright.yaml'), marked(upstream.url, release))
    }
    await symlink('1', join(releases, 'current'))
    const overlay = ['--overlay', join(releases, 'current', 'gatewright.yaml')]
    await withGateway(
      'gatewright: 1\n',
      async (gateway) => {
        await hasMark(gateway, '1')
        await symlink('2', join(releases, 'next'))
        await rename(join(releases, 'next'), join(releases, 'current'))
        gateway.child.kill('SIGHUP')
        await hasMark(gateway, '2')
        await writeFile(join(releases, '2', 'gatewright.yaml'), marked(upstream.url, 'edited'))
        await hasMark(gateway, 'edited')
      },
      overlay,
    )
  })

  it('an access log that was moved away goes on in a new file from SIGHUP on', async () => {
    const file = join(folder, 'moved.log')
    await withGateway(marked(upstream.url, 'log', `{ file: ${file} }`), async (gateway) => {
      const isThere = async (path: string) => (await readFile(file, 'utf8').catch(() => '')).includes(path) || undefined
      await get(gateway.port, '/before')
      await until(() => isThere('/before'), 'the first record')
      await rename(file, `${file}.1`)
      gateway.child.kill('SIGHUP')
      await until(async () => {
        await get(gateway.port, '/after')
        return isThere('/after')
      }, 'a record in the new file')
    })
  })

  it('an access log on a full disk stops no request, and holds whole lines once there is room again', async (context) => {
    const file = join(folder, 'full.log')
    await withGateway(marked(upstream.url, 'log', `{ file: ${file} }`), async (gateway) => {
      const allow = (bytes: string) => run('prlimit', ['--pid', `${gateway.pid}`, `--fsize=${bytes}:unlimited`])
      // A limit on the size of files is to the gateway what a full disk is: a write that takes a part, then an error.
      if ((await allow('1000').then(Boolean, () => false)) === false) return context.skip('there is no prlimit here')
      const dropped = async () => {
        assert.equal((await get(gateway.port, '/a')).status, 200)
        const { text } = (await gateway.status('metrics')) ?? { text: '' }
        return /^gatewright_access_log_dropped_total [1-9]/m.test(text) || undefined
      }
      await until(dropped, 'records to be dropped')
      await allow('unlimited')
      const lines = await until(async () => {
        await get(gateway.port, '/roomy')
        const text = await readFile(file, 'utf8')
        return text.includes('/roomy') ? text.split('\n').slice(0, -1) : undefined
      }, 'a record after that')
      for (const line of lines) JSON.parse(line)
    })
  })

  /** A policy that does `what` to its thread, in a file of its own, and a configuration that uses it at `/fatal`. */
  async function writeFatalPolicy(what: string): Promise<{ file: string; yaml: string }> {
    const file = join(await mkdtemp(join(folder, 'extension-')), 'fatal.mjs')
    const policies = JSON.stringify(new URL('../packages/policies/src/index.ts', import.meta.url).href)
    await writeFile(
      file,
      `import { BUILT_IN_POLICIES, definePolicy } from ${policies}
export const fatal = definePolicy({ ...BUILT_IN_POLICIES[0], name: 'fatal', create: () => () => { ${what} } })
`,
    )
    const routes = '[{ id: fatal, path: /fatal, policies: [{ policy: fatal }] }, { id: rest, path: "/{rest+}" }]'
    const apis = `apis: [{ id: a, basePath: /, upstream: "${upstream.url}", routes: ${routes} }]`
    return { file, yaml: `gatewright: 1\naccessLog: off\nextensions: ["${file}"]\n${apis}\n` }
  }

  it('a thread that hangs is noticed: the gateway is not ready', async () => {
    const { yaml } = await writeFatalPolicy('for (;;);')
    await withGateway(yaml, async (gateway) => {
      const client = await RawClient.connect(gateway.port)
      await client.write('GET /fatal HTTP/1.1\r\nHost: a\r\n\r\n')
      const hasNoticed = async () =>
        !(await gateway.isReady()) || gateway.stderr.includes('a data thread ended') || undefined
      await until(hasNoticed, 'the gateway to notice')
      client.reset()
    })
  })

  it('a thread that dies is replaced, also while an extension on disk is broken', async () => {
    const { file, yaml } = await writeFatalPolicy('process.exit(1)')
    await withGateway(yaml, async (gateway) => {
      await writeFile(file, 'export const fatal = (')
      await until(() => gateway.stderr.includes('is not used') || undefined, 'the gateway to refuse it')
      const client = await RawClient.connect(gateway.port)
      await client.write('GET /fatal HTTP/1.1\r\nHost: a\r\n\r\n')
      assert.equal(await client.nextAnswer(), undefined)
      await until(() => gateway.stderr.includes('a data thread ended') || undefined, 'the death of a thread')
      await until(async () => (await gateway.isReady()) || undefined, 'the gateway to be ready again')
      client.reset()
    })
  })

  it('the admin port answers no page that made its own name mean this machine', () =>
    withGateway(forwardAll(upstream.url), async ({ adminPort }) => {
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '\xe9']) {
        const answer = await exchange(adminPort, `GET /snapshot HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        assert.equal(answer.status, 421, host)
      }
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
        assert.equal((await exchange(adminPort, `${method} /snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n`)).status, 405)
    }))
})
