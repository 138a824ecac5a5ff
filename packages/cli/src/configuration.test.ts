import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadConfiguration } from '@gatewright/gateway'
import { toFindingText } from '@gatewright/model'
import { EMPTY_CONFIG } from './configuration.ts'

describe('a configuration that is none', () => {
  it('runs, and sends nobody to a file that is not there', async () => {
    const { model, findings } = await loadConfiguration({ config: EMPTY_CONFIG })
    assert.equal(model?.listeners.length, 1)
    assert.deepEqual(findings.map(toFindingText), ['warning: There are no APIs: every request is answered with 404.'])
  })
})
