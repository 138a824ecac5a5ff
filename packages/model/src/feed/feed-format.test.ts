import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pickFeedFormat } from './feed-format.ts'

describe('the format of the feed', () => {
  for (const [what, asked, known, picked] of [
    ['is the newest that both know', '3,2,1', [2, 1], 2],
    ['is the old one where a node is older', '1', [2, 1], 1],
    ['is the old one where a control plane is older', '2,1', [1], 1],
    ['is none where they have none in common', '3', [2, 1], undefined],
    ['is none where nothing was asked', '', [1], undefined],
  ] as const) {
    it(what, () => assert.equal(pickFeedFormat(asked, known), picked))
  }
})
