import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const VIEWER = { role: 'viewer', team: 'main' }
const COUNT = 4

interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly next?: string | number
}

await describeOnStores('lists in pages', (open) => {
  for (const [list, make, cursor = 'after'] of [
    ['/apis', (n: number) => [`PUT /apis/main/orders-${n}`, { title: 'Orders' }]],
    // What a cursor is made of is as long as people like.
    ['/apis?sort=title', (n: number) => [`PUT /apis/main/orders-${n}`, { title: '\u{10ffff}\n'.repeat(50_000) }]],
    ['/users', (n: number) => ['POST /users', { email: `p${n}@example.com`, name: `P${n}`, grants: [VIEWER] }]],
    ['/tokens?team=main', (n: number) => ['POST /tokens/main', { name: `ci ${n}`, grants: [VIEWER] }]],
    ['/apps/main/phone/keys', (n: number) => ['POST /apps/main/phone/keys', { name: `k${n}` }]],
    ['/audit?kind=api', (n: number) => [`PUT /apis/main/orders-${n}`, { title: 'Orders' }], 'below'],
  ] as const) {
    it(`have each item once, and no page behind the last: ${list}`, async () => {
      const stage = new AdminStage(await open())
      await stage.ask('PUT /apps/main/phone', { body: {} })
      for (let n = 0; n < COUNT; n++) {
        const [line, body] = make(n) as [string, object]
        const made = await stage.ask(line, { body })
        assert.equal(made.statusCode, 201, made.body)
      }
      for (const limit of [1, 2, COUNT, COUNT + 1]) {
        const sizes: number[] = []
        const seen = new Set<string>()
        for (let next: string | number | undefined = ''; next !== undefined; ) {
          const at: string = next === '' ? '' : `&${cursor}=${next}`
          const answer = await stage.ask(`GET ${list}${list.includes('?') ? '&' : '?'}limit=${limit}${at}`)
          const page = answer.json() as Page
          for (const item of page.items) seen.add(JSON.stringify(item))
          sizes.push(page.items.length)
          next = page.next
        }
        const expected = { 1: [1, 1, 1, 1], 2: [2, 2], [COUNT]: [COUNT], [COUNT + 1]: [COUNT] }[limit]
        assert.deepEqual([sizes, seen.size], [expected, COUNT])
      }
    })
  }

  it('of people have no address that no cursor could hold', async () => {
    const stage = new AdminStage(await open())
    // One letter, which stands for eighteen.
    const body = { email: `${'\ufdfa'.repeat(240)}@example.com`, name: 'A', grants: [VIEWER] }
    const answer = await stage.ask('POST /users', { body })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, /body\/email: This address is too long/)
  })
})
