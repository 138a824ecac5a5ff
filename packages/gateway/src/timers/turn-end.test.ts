import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { atTurnEnd } from './turn-end.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the end of a turn', () => {
  it('comes when all that runs in the turn has run, in the order of those who wait', async () => {
    const heard: string[] = []
    for (const name of ['a', 'b']) atTurnEnd({ onTurnEnd: () => void heard.push(name) })
    await Promise.resolve().then(() => heard.push('microtask'))
    assert.deepEqual(heard, ['microtask'])
    await turn()
    assert.deepEqual(heard, ['microtask', 'a', 'b'])
    await turn()
    assert.deepEqual(heard, ['microtask', 'a', 'b'], 'once')
  })

  it('is that of the next turn for who asks at the end of one', async () => {
    const heard: string[] = []
    atTurnEnd({
      onTurnEnd() {
        heard.push('first')
        atTurnEnd({ onTurnEnd: () => void heard.push('second') })
      },
    })
    await turn()
    assert.deepEqual(heard, ['first'])
    await turn()
    assert.deepEqual(heard, ['first', 'second'])
  })

  it('comes for the others too where one throws', async () => {
    const heard: string[] = []
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', resolve)
    atTurnEnd({
      onTurnEnd() {
        throw new Error('broken')
      },
    })
    atTurnEnd({ onTurnEnd: () => void heard.push('other') })
    assert.match(String(await promise), /broken/)
    for (const listener of others) process.on('uncaughtException', listener)
    await turn()
    await turn()
    assert.deepEqual(heard, ['other'])
  })
})
