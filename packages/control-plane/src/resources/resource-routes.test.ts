import assert from 'node:assert/strict'
import { it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

await describeOnStores('resources, by the admin API', (open) => {
  const begin = async () => new AdminStage(await open())
  const notes = (stage: AdminStage) => stage.services.store.read((db) => listAudit(db, { limit: 100 }))

  it('are made, looked at, changed and removed, each of it told in the audit log', async () => {
    const stage = await begin()
    const made = await stage.ask('PUT /apis/main/orders', { body: { title: 'Orders', tags: ['shop'] } })
    assert.equal(made.statusCode, 201, made.body)
    assert.equal(made.headers.etag, '"1"')
    assert.equal(made.json().createdBy, 'user:owner')
    const looked = await stage.ask('GET /apis/main/orders', { as: 'viewer' })
    assert.deepEqual(looked.json(), made.json())
    const changed = await stage.ask('PUT /apis/main/orders', { body: { title: 'New' }, headers: { 'if-match': '"1"' } })
    assert.deepEqual([changed.statusCode, changed.json().version], [200, 2])
    assert.equal((await stage.ask('DELETE /apis/main/orders')).statusCode, 204)
    assert.equal((await stage.ask('GET /apis/main/orders')).statusCode, 404)
    const told = await notes(stage)
    assert.deepEqual(
      told.map(({ action, by, details }) => [action, by, details]),
      [
        ['remove', 'user:owner', { id: 'orders', before: { title: 'New' } }],
        [
          'replace',
          'user:owner',
          { id: 'orders', before: { title: 'Orders', tags: ['shop'] }, after: { title: 'New' } },
        ],
        ['create', 'user:owner', { id: 'orders', after: { title: 'Orders', tags: ['shop'] } }],
      ],
    )
    assert.deepEqual(told[0]?.personal, {
      person: 'owner',
      facts: { name: 'Olga', address: '127.0.0.1', agent: 'lightMyRequest' },
    })
  })

  it('that somebody has changed meanwhile stay as they are, and are shown', async () => {
    const stage = await begin()
    await stage.ask('PUT /apis/main/orders', { body: { title: 'one' } })
    await stage.ask('PUT /apis/main/orders', { as: 'editor', body: { title: 'two' } })
    for (const method of ['PUT', 'DELETE']) {
      const late = await stage.ask(`${method} /apis/main/orders`, {
        ...(method === 'PUT' && { body: { title: 'three' } }),
        headers: { 'if-match': '"1"' },
      })
      assert.equal(late.statusCode, 412)
      assert.deepEqual(late.json().current, { version: 2, updatedBy: 'user:editor', body: { title: 'two' } })
    }
    const again = await stage.ask('PUT /apis/main/orders', { body: {}, headers: { 'if-none-match': '*' } })
    assert.equal(again.statusCode, 412)
    const gone = await stage.ask('PUT /apis/main/nobody', { body: {}, headers: { 'if-match': '"1"' } })
    assert.equal(gone.statusCode, 412)
    for (const tag of ['W/"2"', 'x', '"2", "3"'])
      assert.equal((await stage.ask('DELETE /apis/main/orders', { headers: { 'if-match': tag } })).statusCode, 412, tag)
  })

  it('are tried without being kept', async () => {
    const stage = await begin()
    const tried = await stage.ask('PUT /apis/main/orders?dryRun=true', { body: { title: 'one', tags: ['a'] } })
    assert.deepEqual([tried.statusCode, tried.json().status, tried.json().dryRun], [200, 201, true])
    assert.equal((await stage.ask('GET /apis/main/orders')).statusCode, 404)
    await stage.ask('PUT /apis/main/orders', { body: { title: 'one', tags: ['a'] } })
    const change = await stage.ask('PUT /apis/main/orders?dryRun=true', { body: { title: 'two', tags: ['a', 'b'] } })
    assert.deepEqual(change.json().changes, ['title: "one" → "two"', 'tags[1]: (nothing) → "b"'])
    const named = await stage.ask('PUT /environments/odd?dryRun=true', { body: { variables: { 'a\n\u001b[2J': 'x' } } })
    for (const line of named.json().changes ?? []) assert.equal(JSON.stringify(line).includes('\\n'), false, line)
    assert.equal((await notes(stage)).length, 1)
    assert.equal((await stage.ask('PUT /apis/main/orders?dryRun=1', { body: {} })).statusCode, 400)
  })

  it('are refused with what was probably meant', async () => {
    const stage = await begin()
    const refuse = async (body: object) => (await stage.ask('PUT /apis/main/orders', { body })).json().detail
    assert.match(await refuse({ basPath: '/orders' }), /^body\/basPath: .*"basPath".* Did you mean "basePath"\?$/)
    assert.match(
      await refuse({ upstream: '127.0.0.1:9001' }),
      /no upstream "127\.0\.0\.1:9001" in this team \(a URL begins with http/,
    )
  })

  it('are made once, however often the same is asked for with one key', async () => {
    const stage = await begin()
    const ask = (title: string, as = 'owner') =>
      stage.ask('PUT /apis/main/orders', { as, body: { title }, headers: { 'idempotency-key': 'key-12345678' } })
    const answers = await Promise.all([ask('one'), ask('one'), ask('one')])
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [201, 201, 201],
    )
    assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length, 2)
    assert.equal((await notes(stage)).length, 1)
    assert.equal((await ask('two')).statusCode, 422)
    assert.equal((await ask('two', 'editor')).statusCode, 200, "another's key is another one")
    stage.nowMs += 25 * 60 * 60 * 1000
    assert.equal((await ask('three')).statusCode, 200, 'after a day it is forgotten')
  })

  it('are shown to nobody who may not see them, and changed by nobody who may not change them', async () => {
    const stage = await begin()
    await stage.ask('PUT /apis/main/orders', { body: {} })
    const status = async (line: string, as: string) =>
      (await stage.ask(line, { as, ...(line.startsWith('PUT') && { body: {} }) })).statusCode
    assert.equal(await status('GET /apis/main/orders', ''), 401)
    assert.equal(await status('GET /apis/main/orders', 'nobody'), 401)
    assert.equal(await status('GET /apis/main/orders', 'stranger'), 404)
    assert.equal(await status('PUT /apis/main/orders', 'stranger'), 404)
    assert.equal(await status('PUT /apis/main/orders', 'viewer'), 403)
    assert.equal(await status('DELETE /apis/main/orders', 'viewer'), 403)
    assert.equal(await status('PUT /environments/dev', 'editor'), 404)
    assert.deepEqual((await stage.ask('GET /apis', { as: 'stranger' })).json(), { items: [], total: 0 })
    assert.equal((await stage.ask('GET /apis?team=main', { as: 'stranger' })).json().total, 0)
    assert.equal((await stage.ask('GET /apis', { as: 'viewer' })).json().total, 1)
  })

  it('come in pages', async () => {
    const stage = await begin()
    for (const id of ['a', 'b', 'c', 'd', 'e']) await stage.ask(`PUT /apis/main/${id}`, { body: { tags: ['x', id] } })
    const seen: string[] = []
    let after = ''
    do {
      const { items, next, total } = (await stage.ask(`GET /apis?limit=2&tag=x${after}`)).json()
      assert.equal(total, 5)
      seen.push(...items.map(({ id }: { id: string }) => id))
      after = next === undefined ? '' : `&after=${next}`
    } while (after !== '')
    assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e'])
    assert.equal((await stage.ask('GET /apis?tag=x&tag=b')).json().total, 1)
    assert.equal((await stage.ask('GET /apis?after=nonsense')).statusCode, 400)
    assert.equal((await stage.ask('GET /apis?limit=0')).statusCode, 400)
    assert.equal((await stage.ask('GET /apis?colour=red')).statusCode, 400)
  })

  it('keep what they were', async () => {
    const stage = await begin()
    await stage.ask('PUT /apis/main/orders', { body: { title: 'one' } })
    await stage.ask('PUT /apis/main/orders', { body: { title: 'two' } })
    const { items } = (await stage.ask('GET /apis/main/orders/versions')).json()
    assert.deepEqual(
      items.map(({ version, body }: { version: number; body: unknown }) => [version, body]),
      [
        [2, { title: 'two' }],
        [1, { title: 'one' }],
      ],
    )
  })

  it('say everything that is wrong with what was sent', async () => {
    const stage = await begin()
    const wrong = await stage.ask('PUT /apis/main/orders', { body: { title: 1, colour: 'red' } })
    assert.equal(wrong.statusCode, 400)
    assert.equal(wrong.headers['content-type'], 'application/problem+json')
    assert.deepEqual(
      wrong.json().errors.map(({ at }: { at: string }) => at),
      ['body/title', 'body/colour'],
    )
    const [, unknown] = wrong.json().errors
    assert.deepEqual([unknown.code, /Known keys: /.test(unknown.suggestion)], ['unknown-key', true])
    const draft = { title: 1, policies: [{ policy: 'cors', options: { origin: 'x' } }] }
    const runnable = await stage.ask('PUT /apis/main/orders?runnable=true&dryRun=true', { body: draft })
    assert.deepEqual(
      runnable.json().errors.map(({ at, suggestion }: { at: string; suggestion: string }) => [at, suggestion]),
      [
        ['body/title', undefined],
        ['body/policies/0/options/origin', 'Did you mean "origins"?'],
      ],
    )
    assert.equal((await stage.ask('PUT /apis/main/or.ders', { body: {} })).statusCode, 400)
    assert.equal((await stage.ask('PUT /apis/main/orders')).statusCode, 400)
    assert.equal((await stage.ask('PUT /apis/nobodys/orders', { body: {} })).statusCode, 404)
    await stage.ask('PUT /teams/shop', { body: {} })
    assert.equal((await stage.ask('PUT /apis/shop/orders', { body: {} })).statusCode, 201)
    assert.deepEqual(stage.mistakes, [])
  })

  it('keep how they were written, as YAML', async () => {
    const stage = await begin()
    const put = (text: string) =>
      stage.ask('PUT /apis/main/orders', { text, headers: { 'content-type': 'application/yaml' } })
    const get = async () => (await stage.ask('GET /apis/main/orders', { headers: { accept: 'application/yaml' } })).body
    const written = '# Of the shop.\ntitle: "one" # so far\ntags: [a, b]\n'
    const made = await put(written)
    assert.deepEqual([made.statusCode, made.json().body], [201, { title: 'one', tags: ['a', 'b'] }])
    const looked = await stage.ask('GET /apis/main/orders', { headers: { accept: 'application/yaml' } })
    assert.deepEqual([looked.headers['content-type'], looked.headers.etag], ['application/yaml', '"1"'])
    assert.equal(looked.body, written)
    assert.equal((await put(written)).json().version, 1)
    assert.equal((await notes(stage)).length, 1, 'the same again is nothing')
    const rewritten = await put(`${written}# More.\n`)
    assert.equal(rewritten.json().version, 1, 'it says the same')
    assert.equal(await get(), `${written}# More.\n`)
    assert.equal((await notes(stage))[0]?.action, 'rewrite')
    await stage.ask('PUT /apis/main/orders', { body: { title: 'one', tags: ['a', 'c'] } })
    assert.equal(await get(), '# Of the shop.\ntitle: "one" # so far\ntags: [ a, c ]\n\n# More.\n')
    await stage.ask('DELETE /apis/main/orders')
    await stage.ask('PUT /apis/main/orders', { body: { title: 'new' } })
    assert.equal(await get(), 'title: new\n')
  })

  it('are refused as YAML that cannot be read, or is too much', async () => {
    const stage = await begin()
    const put = async (text: string, type = 'application/yaml') =>
      await stage.ask('PUT /apis/main/orders', { text, headers: { 'content-type': type } })
    const wrong = await put('title: one\n tags: [')
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.json().detail, /^body:\d+:\d+: /)
    const bomb = Array.from({ length: 12 }, (_, i) =>
      i === 0
        ? 'a0: &a0 [x, x]'
        : `a${i}: &a${i} [${Array(10)
            .fill(`*a${i - 1}`)
            .join(', ')}]`,
    )
    assert.equal((await put(`${bomb.join('\n')}\n`)).statusCode, 400)
    assert.equal((await put(`title: ${'x'.repeat(1024 * 1024)}\n`)).statusCode, 413)
    assert.equal((await put('title: one\n', 'text/plain')).statusCode, 415)
    assert.equal((await put('title: !!js/function x\n')).statusCode, 400)
    const other = await stage.ask('POST /apis/main/orders/revisions', {
      text: 'message: x\n',
      headers: { 'content-type': 'application/yaml' },
    })
    assert.equal(other.statusCode, 415)
    assert.deepEqual(stage.mistakes, [])
  })
})
