import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { Store } from '../store/store.ts'
import { ANN, signUp } from '../testing/account-stage.ts'
import { AdminStage, type Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { PublicAddresses } from './public-addresses.ts'
import { WebhookSender } from './webhook-sender.ts'

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
const AT = '/webhooks/main/shop'
const ANN_FACTS = { email: ANN.email, name: ANN.name }
const HOUR_MS = 60 * 60 * 1000

await describeOnStores('webhooks', (open) => {
  /** Somebody who is told, and answers with what `answer` says. */
  async function begin(t: { after(end: () => Promise<void>): void }, allowed = ['127.0.0.1']) {
    const got: Got[] = []
    const told = { answer: 204 }
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push({ headers: request.headers, body })
      response.writeHead(told.answer, { location: '/elsewhere' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const store = await open()
    const stage = new AdminStage(store)
    const { secretKey } = stage.services
    assert.ok(secretKey)
    const create = (of: Store = store) =>
      new WebhookSender({
        store: of,
        secretKey,
        addresses: new PublicAddresses(allowed),
        log: { info() {}, warn() {}, error: (message, facts) => assert.fail(`${message} ${JSON.stringify(facts)}`) },
        nowMs: () => stage.nowMs,
      })
    const senders = [create()]
    t.after(async () => {
      for (const sender of senders) await sender.close()
      server.close()
    })
    const put = (events: readonly string[], more: object = {}) =>
      stage.ask(`PUT ${AT}`, { body: { url: `http://127.0.0.1:${port}/hook`, events, ...more } })
    assert.equal((await put(['api.*'])).statusCode, 201)
    const issued = await stage.ask(`POST ${AT}/secret`)
    assert.equal(issued.statusCode, 201, issued.body)
    const look = async () => {
      for (const sender of senders) await sender.look()
    }
    const types = () => got.map(({ body }) => `${JSON.parse(body).type} ${JSON.parse(body).data.details.id}`)
    const deliveries = async () =>
      (await stage.ask(`GET ${AT}/deliveries`))
        .json()
        .items.map(({ event, state, attempts }: Record<string, unknown>) => `${event} ${state} ${attempts}`)
    return {
      stage,
      store,
      got,
      told,
      look,
      types,
      deliveries,
      put,
      senders,
      create,
      secret: issued.json().secret as string,
    }
  }

  it('are told in order of what they want, signed', async (t) => {
    const { stage, got, look, types, secret, deliveries } = await begin(t)
    await stage.ask('PUT /apis/main/a', { body: {} })
    await stage.ask('PUT /teams/other', { body: {} })
    await stage.ask('PUT /apis/other/theirs', { body: {} })
    await stage.ask('PUT /plans/main/gold', { body: {} })
    await stage.ask('PUT /apis/main/b', { body: {} })
    await stage.ask('DELETE /apis/main/a')
    await look()
    assert.deepEqual(types(), ['gatewright.api.create a', 'gatewright.api.create b', 'gatewright.api.remove a'])
    const [first] = got
    assert.ok(first)
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = first.headers
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const expected = createHmac('sha256', key).update(`${id}.${time}.${first.body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
    assert.equal(time, String(Math.floor(stage.nowMs / 1000)))
    assert.match(String(first.headers['content-type']), /^application\/cloudevents\+json/)
    const { specversion, id: number, time: at, subject } = JSON.parse(first.body)
    assert.deepEqual([specversion, typeof number, at], ['1.0', 'string', new Date(stage.nowMs).toISOString()])
    assert.ok(subject)
    assert.ok(!first.body.includes('Olga'), 'nothing that tells of a person')
    assert.equal(new Set(got.map(({ headers }) => headers['webhook-id'])).size, 3)
    assert.deepEqual(await deliveries(), ['api.remove delivered 1', 'api.create delivered 1', 'api.create delivered 1'])
    await look()
    assert.equal(got.length, 3)
    assert.deepEqual(stage.mistakes, [])
  })

  it('are told again although the clock was set back meanwhile', async (t) => {
    const { stage, told, look, types, put } = await begin(t)
    told.answer = 500
    await stage.ask('PUT /apis/main/a', { body: {} })
    stage.nowMs += 365 * 24 * HOUR_MS
    await look()
    stage.nowMs -= 365 * 24 * HOUR_MS
    told.answer = 204
    await look()
    assert.equal((await put(['api.*'])).statusCode, 200)
    assert.deepEqual(types(), ['gatewright.api.create a', 'gatewright.api.create a'])
  })

  it('are told again after ever longer whiles, also by another control plane, and given up in the end', async (t) => {
    const { stage, got, told, look, types, deliveries, senders, create } = await begin(t)
    told.answer = 500
    await stage.ask('PUT /apis/main/a', { body: {} })
    await stage.ask('PUT /apis/main/b', { body: {} })
    await look()
    assert.deepEqual(types(), ['gatewright.api.create a'], 'what comes after waits')
    await look()
    assert.equal(got.length, 1, 'not before its time')
    await senders[0]?.close()
    senders[0] = create()
    stage.nowMs += 5_000
    await look()
    assert.equal(got.length, 2)
    assert.equal(got[0]?.headers['webhook-id'], got[1]?.headers['webhook-id'], 'the same message')
    assert.deepEqual(await deliveries(), ['api.create waits 2'])
    // A redirect is not followed, and is no delivery.
    told.answer = 302
    for (let more = 0; more < 7; more++) {
      stage.nowMs += 13 * HOUR_MS
      await look()
    }
    assert.deepEqual((await deliveries()).toReversed(), ['api.create failed 9', 'api.create waits 1'])
    told.answer = 200
    stage.nowMs += 13 * HOUR_MS
    await look()
    assert.equal(types().at(-1), 'gatewright.api.create b')
  })

  it('are told once by several control planes', async (t) => {
    const { stage, got, look, senders, create } = await begin(t)
    senders.push(create())
    for (const id of ['a', 'b', 'c', 'd']) await stage.ask(`PUT /apis/main/${id}`, { body: {} })
    await Promise.all([look(), look()])
    await look()
    assert.equal(got.length, 4)
  })

  it('of a team are looked at alone when something happens in it', async (t) => {
    const { stage, store, senders, create, types, look } = await begin(t)
    await senders.pop()?.close()
    await stage.ask('PUT /teams/other', { body: {} })
    const { url } = (await stage.ask(`GET ${AT}`)).json().body
    for (const id of ['one', 'two', 'three']) {
      await stage.ask(`PUT /webhooks/other/${id}`, { body: { url, events: ['*'] } })
      await stage.ask(`POST /webhooks/other/${id}/secret`)
    }
    let readings = 0
    const counted: Store = {
      kind: store.kind,
      read(act) {
        readings++
        return store.read(act)
      },
      write: (act) => store.write(act),
      onChange: () => () => {},
      say: (text) => store.say(text),
      onSaid: (listener) => store.onSaid(listener),
      close: () => store.close(),
    }
    senders.push(create(counted))
    await look()
    readings = 0
    await stage.ask('PUT /apis/main/a', { body: {} })
    await look()
    assert.equal(types().at(-1), 'gatewright.api.create a')
    assert.equal(readings, 3, 'who is told, of what, and of nothing more')
  })

  it('tell what the audit log tells to who may read that, and to others names alone', async (t) => {
    const { stage: other, got, look, store } = await begin(t)
    const { stage, browser } = await signUp(store)
    const { uid } = (await stage.ask('GET /users', browser)).json().items[0]
    const { url } = (await other.ask(`GET ${AT}`)).json().body
    const put = async (told: Told, title: string) => {
      const answer = await stage.ask(`PUT ${AT}`, { ...told, body: { title, url, events: ['plan.*'] } })
      assert.equal(answer.statusCode, 200, answer.body)
    }
    const toDetails = async (text: string): Promise<object> => {
      await stage.ask('PUT /plans/main/gold', { ...browser, body: { description: text } })
      await look()
      return JSON.parse(got.at(-1)?.body ?? '{}').data.details
    }
    await put(browser, 'by an owner')
    assert.deepEqual(await toDetails('one'), { id: 'gold', after: { description: 'one' } })
    const body = { name: 'ci', scopes: ['webhook:edit', 'webhook:read'] }
    const { value } = (await stage.ask('POST /me/tokens', { ...browser, body })).json()
    await put({ as: value }, 'by a token with scopes')
    assert.deepEqual(await toDetails('two'), { id: 'gold' })
    await put(browser, 'by an owner again')
    assert.match(JSON.stringify(await toDetails('three')), /"two".*"three"/)
    const second = { email: 'second@example.com', name: 'Second', grants: [{ role: 'owner', team: '*' }] }
    await stage.ask('POST /users', { ...browser, body: second })
    await stage.ask(`PUT /users/${uid}`, { ...browser, body: { ...ANN_FACTS, grants: [] } })
    await other.ask('PUT /plans/main/gold', { body: { description: 'four' } })
    await look()
    assert.deepEqual(JSON.parse(got.at(-1)?.body ?? '{}').data.details, { id: 'gold' }, 'who was an owner')
    assert.deepEqual(stage.mistakes, [])
  })

  it('are tested, switched off, and signed with the newest secret', async (t) => {
    const { stage, got, look, put, senders, secret } = await begin(t)
    const webhooks = senders[0]
    assert.ok(webhooks)
    const tested = await new AdminStage(stage.services.store, { webhooks, secretKey: stage.services.secretKey }).ask(
      `POST ${AT}/test`,
    )
    assert.deepEqual(
      [tested.json().items[0].event, tested.json().items[0].state],
      ['webhook.test', 'delivered'],
      tested.body,
    )
    await put(['*'], { enabled: false })
    await stage.ask('PUT /apis/main/a', { body: {} })
    await look()
    assert.equal(got.length, 1)
    const again = (await stage.ask(`POST ${AT}/secret`)).json().secret
    assert.notEqual(again, secret)
    assert.equal((await stage.ask('POST /secrets/rotate')).statusCode, 200)
    await put(['api.create'])
    await look()
    assert.equal(got.length, 2)
    const { headers, body } = got[1] as Got
    const key = Buffer.from(again.replace('whsec_', ''), 'base64')
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(text).digest('base64')}`)
    assert.equal((await stage.ask(`DELETE ${AT}`)).statusCode, 204)
    assert.deepEqual(stage.mistakes, [])
  })

  it('lead nowhere that was not allowed', async (t) => {
    const { stage, got, look, deliveries, put } = await begin(t, [])
    await stage.ask('PUT /apis/main/a', { body: {} })
    await look()
    assert.deepEqual([got.length, await deliveries()], [0, ['api.create waits 1']])
    const { items } = (await stage.ask(`GET ${AT}/deliveries`)).json()
    assert.match(items[0].fault, /no public address.*--control-webhook-allow/)
    assert.equal((await put(['nonsense'])).statusCode, 400)
    assert.equal((await stage.ask(`PUT ${AT}`, { body: { url: 'file:///etc/passwd', events: ['*'] } })).statusCode, 400)
    assert.equal((await stage.ask(`POST ${AT}/secret`, { as: 'editor' })).statusCode, 403)
  })
})

describe('addresses that webhooks lead to', () => {
  const addresses = new PublicAddresses(['10.1.0.0/16', 'fd00::1'])
  for (const [address, isPermitted] of [
    ['93.184.216.34', true],
    ['2606:2800:220:1::1', true],
    ['10.1.2.3', true],
    ['fd00::1', true],
    ['10.2.0.1', false],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['169.254.169.254', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['100.100.100.200', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:93.184.216.34', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2001:0:7f00:1::', false],
  ] as const) {
    it(`${isPermitted ? 'may' : 'may not'} be ${address}`, () => assert.equal(addresses.permits(address), isPermitted))
  }
})
