import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FRAME_TYPES, readUint32 } from '../frame.ts'
import { answerOk, SessionStage } from '../session-stage.fixture.ts'
import { CONNECTION_FAULTS, type FaultCase } from './connection-faults.ts'

/** Sends the case's octets cut into parts of the given length, and tells the first GOAWAY or RST_STREAM. */
function findOutcome({ send, isAnswered = false }: FaultCase, partBytes: number): string {
  const stage = new SessionStage({ onRequest: (stream) => isAnswered && answerOk(stream) })
  const octets = Buffer.concat(send)
  for (let at = 0; at < octets.length; at += partBytes) stage.send(octets.subarray(at, at + partBytes))
  for (const { type, payload, streamId } of stage.taken()) {
    if (type === FRAME_TYPES.goaway) {
      assert.equal(stage.session.isDown, true)
      return `goaway ${readUint32(payload, 4)}`
    }
    if (type === FRAME_TYPES.rstStream) return `${streamId} reset ${readUint32(payload, 0)}`
  }
  return stage.notes.join(', ')
}

describe('what a client must not send', () => {
  for (const fault of CONNECTION_FAULTS) {
    const { name, section, expect } = fault
    const expected = 'goaway' in expect ? `goaway ${expect.goaway}` : `1 reset ${expect.reset}`
    it(`${name} (${section}) ends in ${expected}`, () => {
      for (const partBytes of [Number.MAX_SAFE_INTEGER, 1, 7]) assert.equal(findOutcome(fault, partBytes), expected)
    })
  }
})
