/** Owns the opening of one connection to a target: TCP, TLS, how long both may take, and why it could not be opened. */
import type { Socket } from 'node:net'
import type { UpstreamProtocol } from '@gatewright/model'
import type { Problem } from '@gatewright/policies'
import { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { toConnectProblem } from './connection-problem.ts'
import type { TargetRuntime } from './target.ts'

export interface DialOwner {
  readonly wheel: DeadlineWheel
  readonly connectMs: number
  readonly protocol: UpstreamProtocol
  /** It is open: from here on it is the taker's, who says in `onData` where bytes go. */
  onDialled(dial: Dial): void
  onDialFailed(problem: Problem): void
}

export class Dial implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly buffer: ReadBuffer = new ReadBuffer()
  readonly socket: Socket
  /** Gets bytes that are gone when it returns. Nothing comes before the connection is open. */
  onData: (chunk: Buffer) => void = () => {}
  readonly #owner: DialOwner
  /** TCP has connected, and TLS comes next. */
  #isHandshaking = false

  constructor(target: TargetRuntime, owner: DialOwner) {
    this.#owner = owner
    const socket = target.open(owner.protocol, this.buffer, (chunk) => this.onData(chunk))
    this.socket = socket
    if (target.openEvent !== 'connect') socket.once('connect', this.#onHandshake)
    socket.once(target.openEvent, this.#onOpen)
    socket.on('error', this.#onFailed)
    socket.on('close', this.#onFailed)
    owner.wheel.set(this, owner.connectMs, owner.wheel.now())
  }

  onDeadline(): void {
    this.#onFailed(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }))
  }

  /** It is open, and of no use. */
  drop(): void {
    // Nobody hears what else it may say.
    this.socket.on('error', () => {})
    this.socket.destroy()
  }

  readonly #onHandshake = (): void => {
    this.#isHandshaking = true
  }

  readonly #onOpen = (): void => {
    this.#leave()
    this.#owner.onDialled(this)
  }

  readonly #onFailed = (error?: NodeJS.ErrnoException | boolean): void => {
    this.#leave()
    this.drop()
    const { protocol } = this.#owner
    const cause = typeof error === 'object' ? error : undefined
    this.#owner.onDialFailed(toConnectProblem(cause, { isHandshaking: this.#isHandshaking, protocol }))
  }

  #leave(): void {
    this.#owner.wheel.remove(this)
    this.socket.off('error', this.#onFailed)
    this.socket.off('close', this.#onFailed)
  }
}
