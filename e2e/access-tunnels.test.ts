/** Owns the proof that an open tunnel ends with whatever let it in: each credential that was asked for, and its app. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { KEY, KEY_AUTH, toKeyHash } from './harness/keys.ts'

const issuer = new TestIssuer('ES256')
const FAR = 4_102_444_800
const tokenOf = (exp: number, more: object = {}) =>
  issuer.sign({ iss: 'issuer', aud: 'chat', sub: 'ann', exp, ...more })

const jwtOf = (more: string) =>
  `{ policy: jwt, options: { clockSkewSeconds: 0, issuers: [{ issuer: issuer, audiences: [chat], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }]${more} }] } }`

const KEYS = `keys: [{ hash: "${toKeyHash(KEY)}" }]`

const configure = (url: string, shop: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080 }]
accessLog: off
apis:
  - id: chat
    basePath: /
    upstream: ${url}
    routes:
      - { id: token, path: /token, policies: [${jwtOf('')}] }
      - { id: app, path: /app, policies: [${jwtOf(', appClaim: azp')}] }
      - { id: both, path: /both, policies: [${KEY_AUTH}, ${jwtOf('')}] }
      - { id: swapped, path: /swapped, policies: [${jwtOf('')}, ${KEY_AUTH}] }
apps: [{ id: shop${shop} }]
`

describe('an open tunnel', () => {
  let echo: WebSocketServer
  let gateway: RunningGateway
  let url: string

  before(async () => {
    echo = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    await once(echo, 'listening')
    url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
    gateway = await startGateway({ yaml: configure(url, `, ${KEYS}`) })
  })
  after(async () => {
    await gateway?.stop()
    for (const socket of echo?.clients ?? []) socket.terminate()
    echo?.close()
  })

  async function open(path: string, token: string): Promise<WebSocket> {
    const headers = { Authorization: `Bearer ${token}`, 'X-Api-Key': KEY }
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, { headers })
    await within(once(socket, 'open'), `the WebSocket ${path}`)
    return socket
  }

  async function isAlive(socket: WebSocket): Promise<boolean> {
    if (socket.readyState !== WebSocket.OPEN) return false
    const answer = once(socket, 'message').then(() => true)
    socket.send('still there?')
    return await within(Promise.race([answer, once(socket, 'close').then(() => false)]), 'an echo, or the end')
  }

  const nowSeconds = () => Math.floor(Date.now() / 1000)

  for (const path of ['/token', '/both', '/swapped']) {
    it(`ends when its token does: ${path}`, async () => {
      const lasting = await open(path, tokenOf(FAR))
      // A token may have ended before it is used, on a slow machine: then the handshake is refused.
      const brief = await openBrief(path)
      await within(once(brief.socket, 'close'), 'the end of the tunnel whose token ended')
      assert.ok(Date.now() >= brief.exp * 1000, 'and not before')
      assert.ok(await isAlive(lasting))
      lasting.terminate()
    })
  }

  async function openBrief(path: string): Promise<{ socket: WebSocket; exp: number }> {
    for (let lifeSeconds = 2; ; lifeSeconds *= 2) {
      const exp = nowSeconds() + lifeSeconds
      try {
        return { socket: await open(path, tokenOf(exp)), exp }
      } catch (error) {
        if (lifeSeconds > 30) throw error
      }
    }
  }

  for (const path of ['/both', '/swapped']) {
    it(`ends when its key is revoked, though its token is good: ${path}`, async () => {
      const both = await open(path, tokenOf(FAR))
      const other = await open('/token', tokenOf(FAR))
      const ended = once(both, 'close')
      await gateway.rewrite(configure(url, ''))
      await within(ended, 'the end of the tunnel whose key was revoked')
      assert.ok(await isAlive(other))
      other.terminate()
      await gateway.rewrite(configure(url, `, ${KEYS}`))
      await reopened('/both')
    })
  }

  it('ends when the app that its token names is disabled', async () => {
    const ofApp = await open('/app', tokenOf(FAR, { azp: 'shop' }))
    const other = await open('/token', tokenOf(FAR))
    const ended = once(ofApp, 'close')
    await gateway.rewrite(configure(url, `, enabled: false, ${KEYS}`))
    await within(ended, 'the end of the tunnel of the disabled app')
    assert.ok(await isAlive(other))
    other.terminate()
  })

  /** The key counts again. */
  const reopened = (path: string) =>
    until(async () => {
      const socket = await open(path, tokenOf(FAR)).catch(() => undefined)
      socket?.terminate()
      return socket
    }, 'the key to count again')
})
