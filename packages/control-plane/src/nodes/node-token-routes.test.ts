import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Store } from '../store/store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { findNodeGroup } from './node-token-store.ts'

const find = (store: Store, value: string, nowMs = 1_700_000_000_000) =>
  store.read(async (db) => (await findNodeGroup(db, value, nowMs))?.body)

await describeOnStores('tokens of nodes', (open) => {
  it('are issued to a group, shown once, listed, and refused once they end', async () => {
    const store = await open()
    const stage = new AdminStage(store)
    await stage.ask('PUT /environments/prod', { body: {} })
    await stage.ask('PUT /node-groups/edge', { body: { environments: ['prod'] } })
    const issued = await stage.ask('POST /node-groups/edge/tokens', { body: { name: 'rack 1' } })
    assert.equal(issued.statusCode, 201, issued.body)
    const { uid, value } = issued.json()
    assert.match(value, /^gwn_[0-9A-Za-z]{38}$/)
    assert.deepEqual(await find(store, value), { environments: ['prod'] })
    for (const other of [value.replace('gwn_', 'gws_'), `${value}0`, ''])
      assert.equal(await find(store, other), undefined)
    const listed = await stage.ask('GET /node-groups/edge/tokens')
    assert.ok(!listed.body.includes(value))
    assert.deepEqual(
      listed.json().items.map((token: { readonly name: string }) => token.name),
      ['rack 1'],
    )
    await stage.ask('PUT /node-groups/other', { body: {} })
    assert.equal((await stage.ask(`DELETE /node-groups/other/tokens/${uid}`)).statusCode, 404)
    assert.equal((await stage.ask(`DELETE /node-groups/edge/tokens/${uid}`)).statusCode, 204)
    assert.equal(await find(store, value), undefined)
    assert.equal((await stage.ask(`DELETE /node-groups/edge/tokens/${uid}`)).statusCode, 409)
  })

  it('are of groups that take what is there, and keep it from being removed', async () => {
    const stage = new AdminStage(await open())
    const tell = async (line: string, body?: object): Promise<readonly unknown[]> => {
      const etag = line.startsWith('DELETE') ? (await stage.ask(line.replace('DELETE', 'GET'))).headers.etag : undefined
      const headers = etag === undefined ? {} : { 'if-match': String(etag) }
      const answer = await stage.ask(line, { headers, ...(body && { body }) })
      return [answer.statusCode, answer.body === '' ? undefined : answer.json().detail]
    }
    await stage.ask('PUT /environments/prod', { body: {} })
    await stage.ask('PUT /teams/shop', { body: {} })
    const upstream = 'http://127.0.0.1:9001'
    for (const api of ['main/orders', 'shop/carts']) await stage.ask(`PUT /apis/${api}`, { body: { upstream } })
    assert.deepEqual(await tell('PUT /node-groups/edge', { environments: ['prodd'], apis: ['carts', 'shop.cart'] }), [
      400,
      'environments[0]: there is no environment "prodd" (did you mean "prod"?); apis[0]: there is no api "carts" in the team "main"; apis[1]: there is no api "cart" in the team "shop" (did you mean "carts"?). Make it first, or name another one.',
    ])
    const body = { environments: ['prod'], apis: ['orders', 'shop.carts'] }
    assert.equal((await tell('PUT /node-groups/edge', body))[0], 201)
    assert.match(String((await tell('DELETE /environments/prod'))[1]), /node-group "edge" \(environments\[0\]\)/)
    assert.match(String((await tell('DELETE /apis/shop/carts'))[1]), /node-group "edge" \(apis\[1\]\)/)
    assert.match(String((await tell('DELETE /apis/main/orders'))[1]), /node-group "edge" \(apis\[0\]\)/)
    assert.equal((await tell('PUT /node-groups/edge', {}))[0], 200)
    assert.equal((await tell('DELETE /apis/shop/carts'))[0], 204)
  })

  it('end with their time, and with their group', async () => {
    const store = await open()
    const stage = new AdminStage(store)
    await stage.ask('PUT /node-groups/edge', { body: {} })
    const expiresAt = new Date(stage.nowMs + 1000).toISOString()
    const short = (await stage.ask('POST /node-groups/edge/tokens', { body: { name: 'a', expiresAt } })).json().value
    const long = (await stage.ask('POST /node-groups/edge/tokens', { body: { name: 'b' } })).json().value
    assert.deepEqual([await find(store, short), await find(store, short, stage.nowMs + 1000)], [{}, undefined])
    const etag = (await stage.ask('GET /node-groups/edge')).headers.etag
    await stage.ask('DELETE /node-groups/edge', { headers: { 'if-match': String(etag) } })
    assert.equal(await find(store, long), undefined)
  })
})
