import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PROBLEMS, type ProblemCode } from '@gatewright/model'
import { Problem } from './problem.ts'

describe('a problem', () => {
  it('has the status of its code', () => {
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      assert.equal(new Problem(code as ProblemCode).status, status)
    }
  })

  it('has one of the codes that there are, and whoever takes another is told them', () => {
    for (const code of ['no-such-code', 'toString']) {
      assert.throws(() => new Problem(code as ProblemCode), {
        name: 'TypeError',
        message: new RegExp(`^there is no problem "${code}"; there is: malformed-request, .*, access-denied, `),
      })
    }
  })

  it('is itself when it was thrown', () => {
    const problem = new Problem('access-denied')
    assert.equal(Problem.from(problem), problem)
  })

  it('keeps an unknown error for the record and shows nothing of it', () => {
    const cause = new Error('password=hunter2')
    const problem = Problem.from(cause)
    assert.deepEqual([problem.code, problem.cause], ['unexpected', cause])
    assert.deepEqual([problem.detail, problem.extensions, problem.headers], [undefined, undefined, []])
  })

  it('costs no stack trace: refusing must stay cheap under attack', () => {
    assert.ok(!(new Problem('access-denied') instanceof Error))
    assert.ok(!('stack' in new Problem('access-denied')))
  })
})
