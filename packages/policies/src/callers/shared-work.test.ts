import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { runAll } from '../testing/index.ts'
import { SharedWork } from './shared-work.ts'

const open = (): Exchange => runAll([]).open({})

describe('work that several ask for', () => {
  it('is done for those who are still here where whoever began it left', async () => {
    const work = new SharedWork<string>()
    const asking = [open(), open(), open()]
    const left = new Problem('client-left')
    const begun: Exchange[] = []
    const answers = asking.map((asker) =>
      work.run(
        'a',
        async () => {
          begun.push(asker)
          const isLeaving = asker === asking[0]
          if (!isLeaving) return 'done'
          asker.abort(left)
          throw left
        },
        asker,
      ),
    )
    const outcomes = await Promise.allSettled(answers)
    assert.deepEqual(outcomes, [
      { status: 'rejected', reason: left },
      { status: 'fulfilled', value: 'done' },
      { status: 'fulfilled', value: 'done' },
    ])
    assert.deepEqual(begun, asking.slice(0, 2))
  })

  it('fails for all who ask, and is begun anew by the next', async () => {
    const work = new SharedWork<number>()
    let times = 0
    const fail = () => Promise.reject(new Error(`${++times}`))
    const outcomes = await Promise.allSettled([work.run('a', fail, open()), work.run('a', fail, open())])
    assert.deepEqual(
      outcomes.map((each) => each.status === 'rejected' && each.reason.message),
      ['1', '1'],
    )
    await assert.rejects(work.run('a', fail, open()), { message: '2' })
  })
})
