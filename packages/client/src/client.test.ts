import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client, ClientProblem } from './client.ts'

interface Asked {
  readonly url: string
  readonly init: RequestInit | undefined
}

/** A client whose requests are answered by what is given. */
function prepare(answer: () => Response) {
  const asked: Asked[] = []
  const client = new Client({
    url: 'http://127.0.0.1:1',
    token: 'gwp_1',
    fetch: async (url, init) => {
      asked.push({ url: String(url), init })
      return answer()
    },
  })
  return { client, asked }
}

describe('the client', () => {
  it('asks as the operation is asked for', async () => {
    const { client, asked } = prepare(() => Response.json({ id: 'a' }, { headers: { etag: '"3"' } }))
    const { body, version } = await client.ask('putApi', {
      params: { team: 'main', id: 'a/b' },
      body: { title: 'A' },
      ifMatch: 2,
      idempotencyKey: 'once-12345',
    })
    assert.deepEqual([body.id, version], ['a', 3])
    assert.equal(asked[0]?.url, 'http://127.0.0.1:1/api/v1/apis/main/a%2Fb')
    assert.equal(asked[0]?.init?.method, 'PUT')
    assert.equal(asked[0]?.init?.body, '{"title":"A"}')
    assert.deepEqual(asked[0]?.init?.headers, {
      accept: 'application/json, application/problem+json',
      authorization: 'Bearer gwp_1',
      'content-type': 'application/json',
      'if-match': '"2"',
      'idempotency-key': 'once-12345',
    })
  })

  it('sends and gets YAML as it is written', async () => {
    const text = '# Mine.\ntitle: A\n'
    const { client, asked } = prepare(() => new Response(text, { headers: { etag: '"3"' } }))
    const { body, version } = await client.read('getApi', { params: { team: 'main', id: 'a' } })
    assert.deepEqual([body, version], [text, 3])
    const sent = prepare(() => Response.json({ id: 'a' }))
    await sent.client.write('putApi', text, { params: { team: 'main', id: 'a' }, ifNone: true })
    assert.equal(sent.asked[0]?.init?.body, text)
    const headers = [asked, sent.asked].map(([first]) => new Headers(first?.init?.headers))
    assert.equal(headers[0]?.get('accept'), 'application/yaml, application/problem+json')
    assert.deepEqual([headers[1]?.get('content-type'), headers[1]?.get('if-none-match')], ['application/yaml', '*'])
  })

  it('says several of one name, and leaves out what is not said', async () => {
    const { client, asked } = prepare(() => Response.json({ items: [], total: 0 }))
    await client.ask('listApis', { query: { tag: ['a', 'b'], limit: 7 } })
    assert.equal(asked[0]?.url, 'http://127.0.0.1:1/api/v1/apis?tag=a&tag=b&limit=7')
  })

  it('shows what a dry run would come to', async () => {
    const { client, asked } = prepare(() =>
      Response.json({ dryRun: true, status: 201, changes: ['title: 1 → 2'], result: { id: 'a' } }),
    )
    const answer = await client.ask('putApi', { params: { team: 'main', id: 'a' }, body: {}, isDryRun: true })
    assert.deepEqual([answer.status, answer.body.id, answer.changes], [201, 'a', ['title: 1 → 2']])
    assert.match(asked[0]?.url ?? '', /\?dryRun=true$/)
  })

  it('rejects with the problem, whatever the answer is', async () => {
    const problem = { type: 'urn:gatewright:problem:not-allowed', title: 'No', status: 403, detail: 'Not you.' }
    const refused = prepare(() => Response.json(problem, { status: 403 }))
    await assert.rejects(refused.client.ask('listApis', {}), (error) => {
      assert.ok(error instanceof ClientProblem)
      assert.deepEqual([error.code, error.status, error.message], ['not-allowed', 403, 'Not you.'])
      return true
    })
    const strange = prepare(() => new Response('<html>', { status: 502 }))
    await assert.rejects(strange.client.ask('listApis', {}), { name: 'ClientProblem', status: 502 })
    const empty = prepare(() => new Response(null, { status: 204 }))
    assert.deepEqual(await empty.client.ask('removeApi', { params: { team: 'main', id: 'a' } }), {
      status: 204,
      body: undefined,
      version: undefined,
      changes: [],
    })
  })
})
