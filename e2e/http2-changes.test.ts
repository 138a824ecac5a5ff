/** Owns the proof that what changes under connections of HTTP/2 loses nothing on them: other routes, other demands, the end of the gateway. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { until, within } from './harness/deadline.ts'
import { findHttp2Problem } from './harness/http2-client.ts'
import { forwardBoth, stageHttp2 } from './harness/http2-stage.ts'

describe('connections of HTTP/2', () => {
  let version = 0
  const marked = () =>
    `  - { id: marked, basePath: /marked, policies: [{ policy: respond, options: { body: "${version}" } }] }`
  const stage = stageHttp2((configured) => forwardBoth(configured, { more: marked() }))

  for (const isSecure of [false, true]) {
    const what = isSecure ? 'with TLS' : 'with prior knowledge'

    it(`${what}: requests under way go on as they began, later ones meet what is new`, async () => {
      const client = await stage.client(isSecure)
      const text = async () => (await client.ask('/marked')).body.toString()
      assert.equal(await text(), `${version}`)
      const held = client.ask('/hold')
      await until(() => stage.upstream.held.length === 1 || undefined, 'the request at the upstream')
      version++
      await stage.gateway.rewrite(forwardBoth(stage.configured, { more: marked() }))
      await until(async () => (await text()) === `${version}` || undefined, 'the new answer')
      stage.upstream.release()
      assert.equal((await held).body.toString(), 'released')
      assert.deepEqual([client.isClosed, client.goaways], [false, []])
      await stage.isQuiet()
    })
  }
})

describe('a connection of HTTP/2 with the demands of one host', () => {
  const stage = stageHttp2((configured) =>
    forwardBoth(configured).replace(
      'tls: { certificates: [main] }',
      'tls: { certificates: [main], hosts: [{ names: [strict.example], profile: modern }] }',
    ),
  )

  it('answers 421 for another, and goes on for its own', async () => {
    for (const [servername, own, other] of [
      ['localhost', 'localhost', 'strict.example'],
      ['strict.example', 'strict.example', 'localhost'],
    ] as const) {
      const client = await stage.client(true, { servername })
      const ask = (authority: string) => client.ask('/saw', { headers: { ':authority': authority } })
      assert.equal((await ask(own)).status, 200)
      const refused = await ask(other)
      assert.deepEqual([refused.status, findHttp2Problem(refused)], [421, 'misdirected-request'])
      assert.equal((await ask(own)).status, 200, 'RFC 9110 §15.5.20: only that request is misdirected')
    }
  })
})

describe('the end of a gateway', () => {
  const stage = stageHttp2((configured) => forwardBoth(configured))

  it('is told by GOAWAY, and what is under way is answered', async () => {
    const clients = [await stage.client(false), await stage.client(true)]
    const answers = clients.map((client) => client.ask('/hold'))
    await until(() => stage.upstream.held.length === 2 || undefined, 'both at the upstream')
    stage.gateway.child.kill('SIGINT')
    for (const client of clients) {
      await until(() => client.goaways.length > 0 || undefined, 'a GOAWAY')
      assert.equal(client.goaways[0], 0)
    }
    stage.upstream.release()
    for (const answer of answers) assert.equal((await answer).body.toString(), 'released')
    assert.equal(await within(stage.gateway.exited, 'the process to end'), 0)
  })
})
