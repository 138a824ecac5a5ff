/** Owns the proof that certificates kept by a control plane are shown by its gateway and by nodes, and are renewed without a failed request. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Client } from '@gatewright/client'
import { type IssuedCertificate, TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import type { RunningGateway } from './harness/gateway.ts'
import { removeNode, startNode } from './harness/machines.ts'
import { askOnce, refusalOf } from './harness/tls-stage.ts'

/** Whose port the command line says. */
const LISTENERS = 'listeners: [{ id: public, host: 127.0.0.1, port: 8443, tls: {} }]'
const NAME = 'shop.example'

describe('certificates that a control plane keeps', () => {
  const authority = TestAuthority.create()
  let folder: string
  let plane: RunningControlPlane
  let client: Client
  let node: RunningGateway
  let token: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-shown-'))
    plane = await RunningControlPlane.start({ threads: 2, yaml: `gatewright: 1\naccessLog: off\n${LISTENERS}\n` })
    ;({ client, token } = await plane.setUp())
    await client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    const body = { policies: [{ policy: 'respond', options: { body: 'open' } }] }
    await client.ask('putApi', { params: { team: 'main', id: 'all' }, body })
    const params = { environment: 'prod', team: 'main', id: 'all' }
    await client.ask('publish', { params, body: {} })
    await client.ask('putNodeGroup', { params: { id: 'edge' }, body: { environments: ['prod'], apis: ['all'] } })
    const issued = await client.ask('issueNodeToken', { params: { group: 'edge' }, body: { name: 'edge' } })
    const own = join(folder, 'own.yaml')
    await writeFile(own, `gatewright: 1\naccessLog: off\n${LISTENERS}\n`)
    const args = ['--config', own]
    node = await startNode({ controls: [plane.url], token: issued.body.value, name: 'edge', threads: 2, args })
  })
  after(async () => {
    if (node !== undefined) await removeNode(node)
    await plane?.remove()
    await rm(folder, { recursive: true, force: true })
    authority.remove()
  })

  const ports = () => [plane.gateway.port, node.port]

  /** Its key first, under a name of its own. */
  async function put(secret: string, { certPem, keyPem }: IssuedCertificate): Promise<void> {
    await client.ask('putSecret', { params: { environment: 'prod', name: secret }, body: { value: keyPem } })
    const body = { environment: 'prod', cert: certPem, key: `\${secret:${secret}}` }
    await client.ask('putCertificate', { params: { id: 'shop' }, body })
  }

  /** Of every thread: connections are spread among them. */
  async function untilShown({ certPem }: IssuedCertificate, shownBy: (port: number) => Promise<string>): Promise<void> {
    const wanted = new X509Certificate(certPem).fingerprint256
    for (const port of ports()) {
      await until(async () => (await shownBy(port)) === wanted || undefined, 'the certificate to be shown')
      await until(async () => {
        for (let i = 0; i < 8; i++) if ((await shownBy(port)) !== wanted) return undefined
        return true
      }, 'it to be shown by every thread')
    }
  }

  const first = authority.issue({ names: [NAME] })
  const second = authority.issue({ names: [NAME] })
  const trusting = { ca: authority.certPem, rejectUnauthorized: true }

  it('are waited for by listeners that have none', async () => {
    for (const port of ports()) assert.notEqual(await refusalOf(port, NAME), 'connected')
  })

  it('are shown as soon as they are put, by the gateway and by the node', async () => {
    await put('FIRST', first)
    await untilShown(first, async (port) => {
      if ((await refusalOf(port, NAME)) !== 'connected') return ''
      const { answer, shown } = await askOnce(port, NAME, trusting)
      assert.equal(answer.status, 200)
      return shown
    })
  })

  it('are renewed while requests come, and none of them fails', async () => {
    const asking = { isOver: false, count: 0 }
    const callers = ports().map(async (port) => {
      while (!asking.isOver) {
        assert.equal((await askOnce(port, NAME, trusting)).answer.status, 200)
        asking.count++
      }
    })
    await until(async () => asking.count > 20 || undefined, 'some requests')
    await put('SECOND', second)
    await untilShown(second, async (port) => (await askOnce(port, NAME, trusting)).shown)
    const before = asking.count
    await until(async () => asking.count > before + 20 || undefined, 'some more requests')
    asking.isOver = true
    await Promise.all(callers)
  })

  it('lie on disk with no key in the clear, and stand in no audit', async () => {
    const key = second.keyPem.split('\n')[1] ?? ''
    assert.ok(key.length > 40)
    for (const kept of [join(node.folder, 'data'), plane.data]) {
      const files = (await readdir(kept, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
      const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))
      assert.ok(files.some(({ name }) => name === 'last-good.json'))
      assert.ok(texts.some((text) => text.includes('BEGIN CERTIFICATE')))
      assert.ok(!texts.some((text) => text.includes(key)))
    }
    const audit = await fetch(`${plane.url}/api/v1/audit?limit=200`, { headers: { authorization: `Bearer ${token}` } })
    assert.ok(!(await audit.text()).includes('PRIVATE'))
  })

  it('stay where they are taken away from a listener that has no other, which says so', async () => {
    await client.ask('removeCertificate', { params: { id: 'shop' } })
    for (const gateway of [plane.gateway, node]) {
      await until(
        async () => /no certificate/.test((await gateway.snapshot())?.configuration.fault ?? '') || undefined,
        'the fault',
      )
      assert.equal((await askOnce(gateway.port, NAME, trusting)).answer.status, 200)
    }
  })
})
