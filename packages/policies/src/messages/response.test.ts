import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../problem.ts'
import { StreamBody } from './body.ts'
import { GatewayResponse } from './response.ts'

describe('a response', () => {
  it('carries the problem it stands for: its status, its headers', () => {
    const problem = new Problem('rate-limited', { headers: [['Retry-After', '3']] })
    const response = GatewayResponse.ofProblem(problem)
    assert.equal(response.problem, problem)
    assert.equal(response.status, 429)
    assert.equal(response.headers.get('retry-after'), '3')
  })

  it('shows nothing of an unknown error', () => {
    const { problem, status } = GatewayResponse.ofProblem(new Error('password=hunter2'))
    assert.deepEqual([status, problem?.code, problem?.detail], [500, 'unexpected', undefined])
  })

  it('has headers of its own, whatever became of another of the same problem', () => {
    const problem = new Problem('rate-limited', { headers: [['Retry-After', '3']] })
    GatewayResponse.ofProblem(problem).headers.delete('retry-after')
    assert.ok(GatewayResponse.ofProblem(problem).headers.has('retry-after'))
  })

  it('tells its source when it is dropped', () => {
    let isDiscarded = false
    const body = new StreamBody({
      sizeBytes: undefined,
      start: () => assert.fail('nobody reads it'),
      discard: () => {
        isDiscarded = true
      },
    })
    new GatewayResponse({ status: 503, body }).discard()
    assert.ok(isDiscarded)
  })

  it('is text in UTF-8', async () => {
    const response = GatewayResponse.ofText(200, 'Grüße')
    assert.equal(response.body.sizeBytes, 7)
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  })
})
