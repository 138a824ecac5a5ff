/** Owns the reading of a body as a whole without a promise, where all of it has come with its head already. */
import type { MaybePromise } from '../maybe-promise.ts'
import { Problem } from '../problem.ts'
import type { Body } from './body.ts'

const NOTHING = new Uint8Array(0)

/** Kept for replay: the upstream gets the same octets. @throws Problem `body-too-large` beyond the limit, `malformed-request` when it broke off. */
export function readWholeBody(body: Body, limitBytes: number): MaybePromise<Uint8Array> {
  // A body at hand says at once whether it fits.
  if (body.held() === undefined) return body.bytes({ limitBytes })
  if (body.hold(limitBytes) !== true) {
    throw new Problem('body-too-large', { detail: `This body may hold at most ${limitBytes} bytes.` })
  }
  return body.held() ?? NOTHING
}
