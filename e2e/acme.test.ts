/** Proves that a gateway has its certificates from a real authority by itself: asked by it, shown by it, and there again after a restart. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { Pebble, startAddressServer, toSkip } from '../packages/gateway/src/acme/acme-stage.fixture.ts'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'

interface Ports {
  readonly plain: number
  readonly tls: number
}

interface Wanted extends Ports {
  readonly host: string
  readonly challenge: string
  readonly pebble: Pebble
}

function toYaml({ plain, tls, host, challenge, pebble }: Wanted): string {
  return JSON.stringify({
    gatewright: 1,
    accessLog: 'off',
    listeners: [
      { id: 'plain', host: '127.0.0.1', port: plain, redirectToHttps: { port: tls } },
      { id: 'public', host: '127.0.0.1', port: tls, tls: {} },
    ],
    certificates: [
      { id: 'auto', acme: { hosts: [host], directory: pebble.directory, ca: pebble.trustedCa, challenge } },
    ],
    apis: [{ id: 'a', policies: [{ policy: 'respond', options: { body: 'ok' } }] }],
  })
}

/** Who signed what this host shows; undefined: it shows nothing. */
function findIssuer(port: number, servername: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      const { issuer, subjectaltname } = socket.getPeerCertificate()
      assert.match(subjectaltname ?? '', new RegExp(servername))
      resolve(String(issuer.CN))
      socket.destroy()
    })
    socket.on('error', () => resolve(undefined))
  })
}

describe('a gateway that orders its certificates', { skip: toSkip('pebble', 'pebble-challtestsrv', 'openssl') }, () => {
  let names: Awaited<ReturnType<typeof startAddressServer>>
  let folder: string
  const running: RunningGateway[] = []

  before(async () => {
    names = await startAddressServer()
    folder = await mkdtemp(join(tmpdir(), 'gatewright-acme-'))
  })
  after(async () => {
    await Promise.all(running.map((gateway) => gateway.stop()))
    await names.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const start = async (wanted: Wanted, data: string): Promise<RunningGateway> => {
    const gateway = await startGateway({
      yaml: toYaml(wanted),
      port: wanted.plain,
      threads: 2,
      args: ['--data', join(folder, data)],
    })
    running.push(gateway)
    return gateway
  }

  for (const challenge of ['http-01', 'tls-alpn-01']) {
    it(`proves its name by ${challenge}, shows what it got, and shows it at once after a restart`, async () => {
      const [plain, tls] = [await findFreePort(), await findFreePort()]
      const pebble = await Pebble.start({ dnsServer: names.server, httpPort: plain, tlsPort: tls })
      try {
        const wanted = { plain, tls, host: 'shop.test', challenge, pebble }
        const gateway = await start(wanted, challenge)
        assert.equal(await findIssuer(tls, 'shop.test'), undefined, 'there is none yet')
        await until(
          async () => /Pebble/.test((await findIssuer(tls, 'shop.test')) ?? '') || undefined,
          'the certificate',
        )
        assert.equal(pebble.orders, 1)
        const { text = '' } = (await gateway.status('metrics')) ?? {}
        assert.match(text, /^gatewright_certificate_expiry_timestamp_seconds\{certificate="auto"\} 1\d{9}$/m)
        await gateway.stop()
        await start(wanted, challenge)
        await until(() => findIssuer(tls, 'shop.test'), 'the stored certificate')
        assert.equal(pebble.orders, 1, 'it was asked for once')
      } finally {
        await pebble.stop()
      }
    })
  }

  it('says why there is none while the authority cannot look, and is ready all the same', async () => {
    const [plain, tls, nobody] = [await findFreePort(), await findFreePort(), await findFreePort()]
    const pebble = await Pebble.start({ dnsServer: names.server, httpPort: nobody })
    try {
      const gateway = await start({ plain, tls, host: 'lost.test', challenge: 'http-01', pebble }, 'lost')
      await until(async () => {
        const { status, text = '' } = (await gateway.status('readyz')) ?? {}
        return (status === 200 && /there is no certificate of lost\.test yet: /.test(text)) || undefined
      }, 'the reason')
    } finally {
      await pebble.stop()
    }
  })

  it('does not start without a folder to keep them in, and says so', async () => {
    const [plain, tls] = [await findFreePort(), await findFreePort()]
    const pebble = { directory: 'https://127.0.0.1:1/dir', trustedCa: undefined } as unknown as Pebble
    const gateway = await spawnGateway({
      yaml: toYaml({ plain, tls, host: 'a.test', challenge: 'http-01', pebble }),
      port: plain,
    })
    running.push(gateway)
    assert.equal(await gateway.exited, 1)
    assert.match(gateway.stderr, /start with --data DIR/)
  })
})
