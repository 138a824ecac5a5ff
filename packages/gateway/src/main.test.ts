/** Owns the proof that what runs outlives whatever a reading of the configuration comes to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import type { Finding, GatewayModel } from '@gatewright/model'
import { TestAuthority } from './certificates/test-authority.fixture.ts'
import { GatewayProcess, type GatewayProcessOptions } from './main.ts'
import { Seal } from './node/seal.ts'
import type { MadeFile } from './snapshot/given-files.ts'
import { makeWatchedFolder, removeWatchedFolder } from './snapshot/watched-folder.fixture.ts'
import { probePort } from './threads/probe-port.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a gateway process', () => {
  let folder: string
  let file: string
  let port: number
  let gateway: GatewayProcess | undefined
  let told: string[]
  let waiting: (() => void)[]

  const seal = () => new Seal('of a test')
  const log = { info: tell, warn: tell, error: tell }
  function tell(message: string, facts?: object): void {
    told.push(`${message} ${JSON.stringify(facts)}`)
    for (const wake of waiting.splice(0)) wake()
  }

  beforeEach(async () => {
    folder = makeWatchedFolder('main')
    file = join(folder, 'gatewright.json')
    port = await probePort({ host: '127.0.0.1', port: 0 })
    told = []
    waiting = []
  })
  afterEach(async () => {
    mock.timers.reset()
    gateway?.close()
    await gateway?.supervisor.stop(0)
    removeWatchedFolder(folder)
  })

  function toText(body: string, listenerPort = port): string {
    return JSON.stringify({
      gatewright: 1,
      accessLog: 'off',
      listeners: [{ id: 'public', host: '127.0.0.1', port: listenerPort }],
      apis: [{ id: 'a', policies: [{ policy: 'respond', options: { body } }] }],
    })
  }

  function replace(text: string): void {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }

  async function untilTold(part: string): Promise<void> {
    while (!told.some((line) => line.includes(part))) await new Promise<void>((resolve) => waiting.push(resolve))
  }

  async function start(options: Partial<GatewayProcessOptions> = {}): Promise<GatewayProcess> {
    writeFileSync(file, toText('first'))
    gateway = new GatewayProcess({ config: file, threads: 1, log, seal, ...options })
    assert.equal(await gateway.start(), undefined)
    return gateway
  }

  it('keeps what runs where a reading throws, says so, and reads the next change', async () => {
    let isBroken = false
    const adjust = (model: GatewayModel) => {
      if (isBroken) throw new RangeError('Maximum call stack size exceeded')
      return model
    }
    const running = await start({ adjust })
    isBroken = true
    replace(toText('second'))
    await untilTold('what ran before runs on')
    assert.match(running.configuration.fault ?? '', /a fault of Gatewright itself.*Maximum call stack size exceeded/)
    assert.deepEqual([running.configuration.version, running.supervisor.threads[0]?.version], [1, 1])
    isBroken = false
    replace(toText('third'))
    await untilTold('is live on every thread')
    assert.deepEqual([running.configuration.fault, running.configuration.version], [undefined, 2])
  })

  it('does not blame itself for what is wrong with the folder of its data', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'gatewright-data-'))
    writeFileSync(join(dataDir, 'pepper'), '')
    const apps = [{ id: 'a', keys: [{ value: 'weak' }] }]
    writeFileSync(file, JSON.stringify({ ...JSON.parse(toText('first')), apps }))
    gateway = new GatewayProcess({ config: file, threads: 1, log, dataDir, seal })
    const fault = await gateway.start()
    rmSync(dataDir, { recursive: true })
    assert.match(String(fault), /^the configuration cannot be loaded: .*pepper is damaged: restore it, or remove it/)
  })

  it('reads again by itself what the system could not give it, and says so once', async () => {
    let failures = 0
    const adjust = (model: GatewayModel) => {
      if (failures === 0) return model
      failures--
      throw new Error(`EMFILE: too many open files, open '${file}'`)
    }
    const running = await start({ adjust })
    // Time passes only where this test says so.
    mock.timers.enable({ apis: ['setTimeout'] })
    failures = 3
    replace(toText('second'))
    await untilTold('what ran before runs on')
    for (let turns = 0; running.configuration.fault !== undefined; turns++) {
      assert.ok(turns < 100_000, 'nothing is read again')
      mock.timers.tick(1000)
      await turn()
    }
    assert.equal(failures, 0)
    await untilTold('the configuration was read again and is live on every thread')
    assert.equal(running.configuration.version, 2)
    assert.equal(told.filter((line) => line.includes('EMFILE')).length, 1)
  })

  it('reads ever less often what the system does not give it', async () => {
    let isLacking = false
    const adjust = (model: GatewayModel) => {
      if (isLacking) throw new Error(`EMFILE: too many open files, open '${file}'`)
      return model
    }
    const running = await start({ adjust })
    mock.timers.enable({ apis: ['setTimeout'] })
    isLacking = true
    running.reload('SIGHUP came', { isAsked: true })
    await untilTold('what ran before runs on')
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      const before = running.configuration
      mock.timers.tick(seconds * 1000 - 1)
      for (let turns = 0; turns < 20; turns++) await turn()
      assert.equal(running.configuration, before, `read again before ${seconds} s`)
      mock.timers.tick(1)
      for (let turns = 0; running.configuration === before; turns++) {
        assert.ok(turns < 100_000, `not read again after ${seconds} s`)
        await turn()
      }
    }
  })

  for (const where of ['main', 'a data thread']) {
    it(`reads an extension that failed on ${where} only when something has changed`, async () => {
      const text = `import { definePolicy, z } from '@gatewright/policies'
        import { isMainThread } from 'node:worker_threads'
        if (isMainThread === ${where === 'main'}) throw new Error('connect ETIMEDOUT 192.0.2.1:443')
        export const late = definePolicy({
          name: 'late', phase: 'observe', summary: 'Late.', options: z.strictObject({}),
          create: () => (exchange, next) => next(exchange),
        })`
      writeFileSync(join(folder, 'late.mjs'), text)
      writeFileSync(file, JSON.stringify({ ...JSON.parse(toText('first')), extensions: ['./late.mjs'] }))
      mock.timers.enable({ apis: ['setTimeout'] })
      let readings = 0
      const adjust = (model: GatewayModel): GatewayModel => {
        readings++
        return model
      }
      gateway = new GatewayProcess({ config: file, threads: 1, log, adjust })
      assert.match((await gateway.start()) ?? '', /late\.mjs.* cannot be loaded: connect ETIMEDOUT/)
      mock.timers.tick(60_000)
      for (let turns = 0; turns < 50; turns++) await turn()
      assert.equal(readings, 1)
    })
  }

  it('reads no file that is half written, for whatever reason it reads', async () => {
    const running = await start()
    mock.timers.enable({ apis: ['setTimeout'] })
    const whole = toText('second')
    const half = whole.replace('second', 'half')
    for (const text of [half, whole]) {
      const own = watch(folder)
      const noticed = once(own, 'change')
      writeFileSync(file, text)
      await noticed
      own.close()
      // Whatever else is told of it comes in the same turn.
      await turn()
      running.reload('the configuration was read again', { isAgain: true })
      await turn()
      mock.timers.tick(499)
    }
    mock.timers.tick(1)
    mock.timers.reset()
    await untilTold('the configuration changed and is live on every thread')
    assert.equal(running.configuration.version, 2)
    running.reload('SIGHUP came', { isAsked: true })
    await untilTold('SIGHUP came: nothing has changed')
  })

  it('lays what is published elsewhere over its files, follows both, and keeps what ran where either is faulty', async () => {
    const fed = (body: string): MadeFile => ({
      path: join(folder, 'published'),
      isForeign: true,
      text: JSON.stringify({
        gatewright: 1,
        apis: [{ id: 'prod.b', basePath: '/b', policies: [{ policy: 'respond', options: { body } }] }],
      }),
    })
    let newest: MadeFile | undefined
    const running = await start({ feed: () => newest })
    const bodies = () => running.model?.apis.map(({ id, policies }) => [id, policies[0]?.options])
    assert.deepEqual(bodies(), [['a', { body: 'first' }]])
    newest = fed('published')
    running.reload('what is live has changed', { isAsked: true })
    await untilTold('what is live has changed and is live on every thread')
    const both = [
      ['a', { body: 'first' }],
      ['prod.b', { body: 'published' }],
    ]
    assert.deepEqual(bodies(), both)
    newest = fed('${env:HOME}')
    running.reload('it has changed again', { isAsked: true })
    await untilTold('it has changed again, and is not used')
    assert.deepEqual(bodies(), both)
    newest = fed('mended')
    replace(toText('second'))
    running.reload('both have changed', { isAsked: true })
    await untilTold('both have changed and is live on every thread')
    assert.deepEqual(bodies(), [
      ['a', { body: 'second' }],
      ['prod.b', { body: 'mended' }],
    ])
  })

  it('says that nobody has a key only where none can come from elsewhere', async () => {
    const [api] = JSON.parse(toText('first')).apis
    const text = {
      ...JSON.parse(toText('first')),
      apis: [{ ...api, policies: [{ policy: 'key-auth' }, ...api.policies] }],
    }
    const codes: string[][] = []
    for (const more of [{}, { feed: () => undefined }]) {
      writeFileSync(file, JSON.stringify(text))
      gateway = new GatewayProcess({ config: file, threads: 1, log, ...more })
      assert.equal(await gateway.start(), undefined)
      codes.push(gateway.configuration.findings.map(({ code }) => code))
      gateway.close()
      await gateway.supervisor.stop(0)
    }
    assert.deepEqual(codes, [['nobody-has-a-key'], []])
  })

  it('says what came of what is fed, whatever else is read at the same time', async () => {
    const fed = (body: string): MadeFile => ({
      path: join(folder, 'published'),
      isForeign: true,
      text: JSON.stringify({
        gatewright: 1,
        apis: [{ id: 'prod.b', basePath: '/b', policies: [{ policy: 'respond', options: { body } }] }],
      }),
    })
    let newest = fed('one')
    const running = await start({ feed: () => newest })
    const before = running.configuration
    newest = fed('two')
    const taken = [running.takeFeed('published'), running.takeFeed('published'), running.takeFeed('published')]
    const states = await Promise.all(taken)
    assert.deepEqual(
      states.map(({ version, fault }) => [version, fault]),
      [2, 2, 2].map((version) => [version, undefined]),
    )
    assert.notEqual(states[0]?.hash, before.hash)
    newest = fed('${env:HOME}')
    const refused = await running.takeFeed('published')
    assert.deepEqual([refused.version, refused.fault !== undefined], [2, true])
    newest = fed('three')
    assert.deepEqual((await running.takeFeed('published')).version, 3)
    running.supervisor.drain()
    assert.equal((await running.takeFeed('published')).fault, 'the gateway ends')
  })

  it('begins with the last good configuration while nobody knows what is published', async () => {
    const unknown = { unknown: 'the database cannot be reached' }
    gateway = new GatewayProcess({ config: file, threads: 1, log, feed: () => unknown })
    assert.equal(await gateway.start(), 'what is published is not known: the database cannot be reached')
    gateway.close()
    await gateway.supervisor.stop(0)
    const dataDir = join(folder, 'data')
    const published: MadeFile = {
      path: join(folder, 'published'),
      isForeign: true,
      text: '{"gatewright":1,"apis":[{"id":"prod.b","basePath":"/b","upstream":"http://127.0.0.1:9"}]}',
    }
    const first = await start({ dataDir, feed: () => published })
    first.close()
    await first.supervisor.stop(0)
    let newest: MadeFile | typeof unknown = unknown
    const second = await start({ dataDir, feed: () => newest })
    assert.deepEqual(
      second.model?.apis.map(({ id }) => id),
      ['a', 'prod.b'],
    )
    assert.match(second.configuration.fault ?? '', /^what is published is not known/)
    newest = published
    assert.equal((await second.takeFeed('published')).fault, undefined)
  })

  it('takes what is published in many files, ships those alone that changed, and says which one is faulty', async () => {
    const fed = (id: string, body: string): MadeFile => ({
      path: join(folder, `published/prod.${id}.json`),
      isForeign: true,
      text: JSON.stringify({
        gatewright: 1,
        apis: [{ id: `prod.${id}`, basePath: `/${id}`, policies: [{ policy: 'respond', options: { body } }] }],
      }),
    })
    let newest = [fed('a', 'one'), fed('b', 'one'), fed('c', 'one')]
    const running = await start({ feed: () => newest })
    const read = async (why: string, told: string) => {
      running.reload(why, { isAsked: true })
      await untilTold(`${why}${told}`)
      return new Map(running.model?.apis.map((api) => [api.id as string, api]))
    }
    const before = new Map(running.model?.apis.map((api) => [api.id as string, api]))
    assert.deepEqual([...before.keys()], ['a', 'prod.a', 'prod.b', 'prod.c'])
    newest = [fed('a', 'one'), fed('b', 'two'), fed('d', 'one')]
    const after = await read('two have changed', ' and is live on every thread')
    assert.deepEqual([...after.keys()], ['a', 'prod.a', 'prod.b', 'prod.d'])
    assert.equal(after.get('prod.a'), before.get('prod.a'), 'made anew')
    assert.deepEqual(after.get('prod.b')?.policies[0]?.options, { body: 'two' })
    newest = [fed('a', 'one'), { ...fed('b', 'two'), text: fed('b', 'two').text.replace('respond', 'respnd') }]
    assert.deepEqual(await read('one is faulty', ', and is not used'), after)
    assert.match(running.configuration.fault ?? '', /prod\.b\.json:1:\d+.*respnd/)
    newest = [fed('b', 'three')]
    assert.deepEqual([...(await read('it is mended', ' and is live on every thread')).keys()], ['a', 'prod.b'])
  })

  it('begins without the certificates that are yet to be published, and does not lose those that it has', async () => {
    const authority = TestAuthority.create()
    const { certPem, keyPem } = authority.issue({ names: ['shop.example'] })
    authority.remove()
    const listeners = [{ id: 'public', host: '127.0.0.1', port, tls: {} }]
    writeFileSync(file, JSON.stringify({ gatewright: 1, accessLog: 'off', listeners }))
    const certificates = [{ id: 'prod.shop', pem: { cert: certPem, key: '${secret:prod/KEY}' } }]
    const fed: MadeFile = {
      path: join(folder, 'published/prod.~certificates.json'),
      isForeign: true,
      text: JSON.stringify({ gatewright: 1, certificates }),
      secrets: new Map([['prod/KEY', keyPem]]),
    }
    let newest: readonly MadeFile[] = []
    gateway = new GatewayProcess({ config: file, threads: 1, log, feed: () => newest })
    assert.equal(await gateway.start(), undefined)
    const isWarned = ({ severity, code }: Finding) => severity === 'warning' && code === 'no-certificate'
    assert.ok(gateway.configuration.findings.some(isWarned))
    newest = [fed]
    assert.equal((await gateway.takeFeed('published')).fault, undefined)
    const shown = () => gateway?.supervisor.certificates.certificates.map(({ names: [name] }) => name)
    assert.deepEqual(shown(), ['shop.example'])
    newest = []
    assert.match((await gateway.takeFeed('published')).fault ?? '', /there is no certificate to show/)
    assert.deepEqual(shown(), ['shop.example'])
  })

  it('says that keys are others now, and moves their version and hash alone', async () => {
    const running = await start()
    const { version } = running.configuration
    const { apps } = running.supervisor
    const [appsVersion, appsHash] = [apps.version, apps.hash]
    replace(
      JSON.stringify({
        ...JSON.parse(toText('first')),
        apps: [{ id: 'acme', keys: [{ hash: `sha256:${'ab'.repeat(32)}` }] }],
      }),
    )
    running.reload('SIGHUP came', { isAsked: true })
    await untilTold('SIGHUP came: apps, keys or users are others now')
    assert.equal(running.configuration.version, version)
    assert.equal(apps.version, appsVersion + 1)
    assert.notEqual(apps.hash, appsHash)
    running.reload('SIGHUP came', { isAsked: true })
    await untilTold('SIGHUP came: nothing has changed')
    assert.equal(apps.version, appsVersion + 1)
  })

  it('is not brought back to the last good configuration by a first reading that fails after the file is mended', async () => {
    const dataDir = join(folder, 'data')
    const former = await start({ dataDir })
    former.close()
    await former.supervisor.stop(0)
    const stranger = createServer().listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const { port: taken } = stranger.address() as AddressInfo
    writeFileSync(file, toText('faulty', taken))
    const later = new GatewayProcess({ config: file, threads: 1, log, dataDir, seal, adjust: mendOnce })
    gateway = later
    let isMended = false
    // It is read by now, and not yet published.
    function mendOnce(model: GatewayModel): GatewayModel {
      if (isMended) return model
      isMended = true
      replace(toText('mended'))
      later.reload('the configuration changed')
      return model
    }
    assert.equal(await later.start(), undefined)
    await untilTold('the configuration changed and is live on every thread')
    stranger.close()
    const { fault, hash } = later.configuration
    assert.equal(fault, undefined)
    assert.deepEqual(later.model?.apis[0]?.policies[0]?.options, { body: 'mended' })
    assert.equal(later.supervisor.threads[0]?.hash, hash)
  })

  it('does what it is asked for, also where a reading is due that waits until a file stands still', async () => {
    const running = await start()
    mock.timers.enable({ apis: ['setTimeout'] })
    const own = watch(folder)
    const noticed = once(own, 'change')
    writeFileSync(file, toText('second'))
    await noticed
    own.close()
    await turn()
    running.reload('the configuration was read again', { isAgain: true })
    running.reload('SIGHUP came', { isAsked: true })
    for (let turns = 0; !told.some((line) => line.startsWith('SIGHUP came')); turns++) {
      assert.ok(turns < 100_000, 'nothing is read')
      await turn()
    }
    assert.match(told.at(-1) ?? '', /^SIGHUP came and is live on every thread/)
  })

  it('reads nothing more that was due when it began to drain', async () => {
    let readings = 0
    const adjust = (model: GatewayModel): GatewayModel => {
      readings++
      return model
    }
    const running = await start({ adjust })
    const before = running.configuration
    writeFileSync(file, toText('second'))
    running.reload('SIGHUP came', { isAsked: true })
    running.supervisor.drain()
    for (let turns = 0; turns < 50; turns++) await turn()
    assert.deepEqual([readings, running.configuration], [1, before])
  })

  it('says nothing of a reading that its end overtakes', async () => {
    let isOvertaken = false
    const adjust = (model: GatewayModel): GatewayModel => {
      if (isOvertaken) gateway?.supervisor.drain()
      return model
    }
    const running = await start({ adjust })
    const before = running.configuration
    isOvertaken = true
    running.reload('SIGHUP came', { isAsked: true })
    for (let turns = 0; turns < 50; turns++) await turn()
    assert.deepEqual([told, running.supervisor.isDraining, running.configuration], [[], true, before])
  })
})
