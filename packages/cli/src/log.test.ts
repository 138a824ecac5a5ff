import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog } from './log.ts'

/** Without the time. */
function write(message: string, facts: Readonly<Record<string, unknown>>): string {
  const lines: string[] = []
  createLog((line) => lines.push(line)).error(message, facts)
  return lines.join('').replace(/^\S+ /, '')
}

describe('the log', () => {
  it('writes facts behind the message, in quotes where they hold blanks', () => {
    assert.equal(
      write('it failed', { thread: 1, why: 'no room', who: undefined }),
      'error it failed thread=1 why="no room"\n',
    )
  })

  it('writes what quotes would make hard to read as a block, as it stands, behind all other facts', () => {
    const fault = 'gatewright.yaml:3:1: fault: There is no policy "crs".\n    Did you mean "cors"?'
    assert.equal(
      write('it is not used', { fault, version: 2 }),
      'error it is not used version=2 fault=\n  gatewright.yaml:3:1: fault: There is no policy "crs".\n      Did you mean "cors"?\n',
    )
    assert.equal(write('it failed', { why: 'no policy "crs"' }), 'error it failed why=\n  no policy "crs"\n')
  })
})
