/** Owns the proof that a node says of itself what it runs, whenever a control plane tells it of something newer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type ConfigurationAnswer, type Heartbeat, toStateHash, toTextHash } from '@gatewright/model'
import { type Feed, GatewayProcess } from '../main.ts'
import { makeWatchedFolder, removeWatchedFolder } from '../snapshot/watched-folder.fixture.ts'
import { probePort } from '../threads/probe-port.ts'
import { NodeFeed } from './node-feed.ts'

const log = { info(): void {}, warn(): void {}, error(): void {} }

function toAnswer(sequence: number, policy: string): ConfigurationAnswer {
  const policies = [{ policy, options: { body: String(sequence) } }]
  const items = [{ name: 'a.json', text: JSON.stringify({ apis: [{ id: 'a', policies }] }) }]
  const hash = toStateHash(new Map(items.map((item) => [item.name, toTextHash(item.text)])))
  return { format: 1, store: 's', sequence, kind: 'whole', hash, items, gone: [] } as never
}

describe('a node that hears of something newer while it starts', () => {
  let folder: string
  let dataDir: string
  let port: number
  let control: Server
  const first = toAnswer(1, 'respond')
  let next: ConfigurationAnswer
  /** The gateway has asked what to run; until then there is nothing newer. */
  let isAsked: PromiseWithResolvers<void>
  /** The node has heard of it: it asks for what comes behind. */
  let isLaid: PromiseWithResolvers<void>
  let beats: Heartbeat[]
  let onBeat: () => void

  beforeEach(async () => {
    folder = makeWatchedFolder('node-feed')
    dataDir = mkdtempSync(join(tmpdir(), 'gatewright-node-feed-'))
    port = await probePort({ host: '127.0.0.1', port: 0 })
    const listeners = [{ id: 'public', host: '127.0.0.1', port }]
    writeFileSync(join(folder, 'gatewright.json'), JSON.stringify({ gatewright: 1, accessLog: 'off', listeners }))
    isAsked = Promise.withResolvers()
    isLaid = Promise.withResolvers()
    beats = []
    onBeat = () => {}
    control = createServer((asked, answer) => void serve(asked, answer)).listen(0, '127.0.0.1')
    await once(control, 'listening')
  })
  afterEach(() => {
    control.closeAllConnections()
    control.close()
    removeWatchedFolder(folder)
    rmSync(dataDir, { recursive: true })
  })

  async function serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(asked.url ?? '/', 'http://control')
    if (pathname.endsWith('/heartbeat')) {
      beats.push(JSON.parse(await text(asked)))
      answer.writeHead(204).end()
      onBeat()
    } else if (pathname.endsWith('/configuration')) {
      if (searchParams.get('since') === next.hash) isLaid.resolve()
      else if (searchParams.get('since') === '') answer.end(JSON.stringify(first))
      else void isAsked.promise.then(() => answer.end(JSON.stringify(next)))
    } else if (searchParams.get('since') === null) {
      answer.end('{"kind":"whole","store":"s","sequence":1}\n{"kind":"end","sequence":1}\n')
    }
  }

  /** `newer`: what is published once the gateway has asked what to run, and before it serves. Answers the first heartbeat of that. */
  async function run(newer: ConfigurationAnswer): Promise<Heartbeat> {
    next = newer
    const { port: at } = control.address() as AddressInfo
    const options = { urls: [`http://127.0.0.1:${at}`], token: 't'.repeat(40), name: 'n', version: '0' }
    const node = new NodeFeed({ ...options, dataDir, log })
    const feed = (): Feed => {
      const files = node.feed()
      isAsked.resolve()
      return files
    }
    const gateway = new GatewayProcess({ config: join(folder, 'gatewright.json'), threads: 1, log, feed })
    await node.prepare(gateway)
    assert.equal(await gateway.start(), undefined)
    await isLaid.promise
    const told = Promise.withResolvers<Heartbeat>()
    onBeat = () => {
      const last = beats.at(-1)
      if (last?.configuration.sequence === newer.sequence) told.resolve(last)
    }
    node.open(gateway)
    const beat = await told.promise
    gateway.close()
    await gateway.supervisor.stop(0)
    control.closeAllConnections()
    await node.close()
    return beat
  }

  it('runs that, and says of what it ran before no more than it ran', async () => {
    const beat = await run(toAnswer(2, 'respond'))
    assert.deepEqual([beat.configuration.fault, beat.threads[0]?.version], [undefined, 2])
    for (const { configuration, threads } of beats) assert.equal(threads[0]?.version, configuration.sequence)
  })

  it('says that it cannot run that, and what it runs', async () => {
    const beat = await run(toAnswer(2, 'respnd'))
    assert.match(beat.configuration.fault ?? '', /respnd/)
    assert.equal(beat.threads[0]?.version, 1)
  })
})
