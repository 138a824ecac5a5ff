/**
 * Owns every deadline of a thread: one timer for all, and moving a deadline later costs one assignment.
 *
 *   slots   [ … ][ a b ][ … ][ c ] …     one every TICK_MS; further away than the wheel is long: the last slot, then again
 *
 * An entry is put into one slot and looked at when that is due: if its deadline has moved later meanwhile, it goes into
 * another slot. Keep-alive and idle deadlines move with every message and hardly ever pass, so this is the cheap way round.
 * Deadlines pass up to two ticks late and never early.
 */

/** 50 ms: twenty wake-ups a second while anything is open, and no deadline of ours is meant to be finer. */
const TICK_MS = 50
const SLOTS = 512

export interface Timed {
  /** On the monotonic clock; Infinity: none. Only the wheel writes it. */
  deadlineAtMs: number
  /** When the slot that holds it is due; 0: in no slot. Only the wheel writes it. */
  slotAtMs: number
  /** Its place in that slot. Only the wheel writes it. */
  slotPlace: number
  onDeadline(): void
}

export class DeadlineWheel {
  readonly #slots: Timed[][] = Array.from({ length: SLOTS }, () => [])
  #tick = 0
  #entries = 0
  #timer: NodeJS.Timeout | undefined
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#tick = Math.floor(now() / TICK_MS)
  }

  /** The clock by which deadlines pass. */
  now(): number {
    return this.#now()
  }

  /** Passes `delayMs` from `nowMs` on (the caller's reading of the monotonic clock). */
  set(entry: Timed, delayMs: number, nowMs: number): void {
    const deadlineAtMs = nowMs + delayMs
    entry.deadlineAtMs = deadlineAtMs
    if (entry.slotAtMs === 0) {
      this.#insert(entry)
    } else if (deadlineAtMs < entry.slotAtMs - TICK_MS) {
      this.#unlink(entry)
      this.#insert(entry)
    }
  }

  /** It stays in its slot until that is due; nothing happens then. For what is soon set again. */
  clear(entry: Timed): void {
    entry.deadlineAtMs = Number.POSITIVE_INFINITY
  }

  /** As `clear`, for what is over: the wheel holds it no longer, or closed connections would stay in memory until their slot is due. */
  remove(entry: Timed): void {
    entry.deadlineAtMs = Number.POSITIVE_INFINITY
    if (entry.slotAtMs !== 0) this.#unlink(entry)
  }

  /** Looks at every slot that is due. The timer's; tests call it with their own clock. */
  advance(): void {
    const nowMs = this.#now()
    const dueTick = Math.floor(nowMs / TICK_MS)
    // After a stall, once around is enough: every slot was seen.
    if (dueTick - this.#tick > SLOTS) this.#tick = dueTick - SLOTS
    while (this.#tick < dueTick) {
      this.#tick++
      const due = this.#slots[this.#tick % SLOTS]
      if (due === undefined) continue
      // What is inserted meanwhile goes into other slots, so this ends.
      for (let entry = due.pop(); entry !== undefined; entry = due.pop()) this.#look(entry, nowMs)
    }
    if (this.#entries === 0 && this.#timer !== undefined) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #look(entry: Timed, nowMs: number): void {
    this.#entries--
    entry.slotAtMs = 0
    if (entry.deadlineAtMs === Number.POSITIVE_INFINITY) return
    if (entry.deadlineAtMs > nowMs) {
      this.#insert(entry)
      return
    }
    entry.deadlineAtMs = Number.POSITIVE_INFINITY
    entry.onDeadline()
  }

  #insert(entry: Timed): void {
    if (this.#timer === undefined) {
      // Nothing was open, so no slot was watched: the wheel stands where the clock is.
      this.#tick = Math.floor(this.#now() / TICK_MS)
      this.#timer = setInterval(() => this.advance(), TICK_MS)
      this.#timer.unref()
    }
    // One tick further than the deadline's own, so that a slot that is due is never early.
    const wanted = Math.floor(entry.deadlineAtMs / TICK_MS) + 1
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + SLOTS - 1)
    const slot = this.#slots[tick % SLOTS]
    if (slot === undefined) return
    entry.slotAtMs = tick * TICK_MS
    entry.slotPlace = slot.push(entry) - 1
    this.#entries++
  }

  /** The last of its slot takes its place. */
  #unlink(entry: Timed): void {
    const slot = this.#slots[(entry.slotAtMs / TICK_MS) % SLOTS]
    const last = slot?.pop()
    if (slot !== undefined && last !== undefined && last !== entry) {
      slot[entry.slotPlace] = last
      last.slotPlace = entry.slotPlace
    }
    entry.slotAtMs = 0
    this.#entries--
  }
}
