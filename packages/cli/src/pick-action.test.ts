import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pickAction } from './pick-action.ts'

const ACTIONS = { list: { options: ['state'] }, end: { options: ['note', 'force'] } }
const pick = (name: string, values: object) => pickAction(ACTIONS, { command: 'things', name, values: { ...values } })

describe('pickAction', () => {
  it('finds the action that is meant', () => {
    assert.equal(pick('list', { state: 'a', json: true, force: false }), ACTIONS.list)
    assert.equal(pick('end', { note: 'n', force: true }), ACTIONS.end)
  })

  it('refuses what is none, and options of other actions', () => {
    for (const name of ['stop', '', 'constructor'])
      assert.throws(() => pick(name, {}), { message: `"${name}" is none of list, end` })
    assert.throws(() => pick('list', { note: 'n' }), { message: '`things list` has no use for --note' })
    assert.throws(() => pick('end', { state: 'a' }), { message: '`things end` has no use for --state' })
    assert.throws(() => pick('list', { force: true }), { message: '`things list` has no use for --force' })
  })
})
