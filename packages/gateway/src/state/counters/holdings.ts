/**
 * Owns who holds which regions of the table. A use is given a holding with its first key, further regions when a bucket is
 * full, and all of it goes back once its last key has expired: so a stranger who fills one use's regions takes nothing from
 * another, and what is never called takes no memory.
 *
 * Each use has one holding or none, whichever thread looks, else its keys would be counted twice. All that is given out is
 * given out under the directory's lock. A thread that dies on the way leaves a use without a link, which is taken up by
 * who looks for it next, or a region with an owner who has no link to it, which the sweep gives back.
 */
import { type HeldLock, runLocked } from './bucket-lock.ts'
import type { CounterTable } from './counter-table.ts'

/** For uses that found no free holding. Who is in it stays until it is empty, and while it isn't, all newcomers go there. */
const COMMON = 0

const NEVER_HELD = 0
const GIVEN_BACK = 1

const MAX_LIFE = 2 ** 31 - 2

/** A use's hash. Neither word is ever 0, so it is none of the marks above, whole or half written. */
export interface UseHash {
  readonly low: number
  readonly high: number
}

export interface Held {
  readonly holding: number
  readonly life: number
}

/** undefined: it has none. */
export function findHolding(table: CounterTable, use: UseHash): Held | undefined {
  return runLocked(table, table.directoryLockAt, (lock) => {
    const { own } = search(table, use)
    return toHeld(table, own, lock) ?? toHeld(table, COMMON, lock)
  })
}

/** undefined: begin again. */
export function takeHolding(table: CounterTable, use: UseHash): Held | undefined {
  return runLocked(table, table.directoryLockAt, (lock) => {
    const { own, free } = search(table, use)
    const held = toHeld(table, own, lock) ?? toHeld(table, COMMON, lock)
    if (held !== undefined) return held
    const { words } = table
    const taken = own >= 0 ? own : free >= 0 ? free : COMMON
    if (taken !== COMMON) {
      const useAt = table.useAt(taken)
      if (lock.isOurs) Atomics.store(words, useAt, use.low)
      if (lock.isOurs) Atomics.store(words, useAt + 1, use.high)
    }
    const lifeAt = table.lifeAt(taken)
    const life = (Atomics.load(words, lifeAt) % MAX_LIFE) + 1
    if (lock.isOurs) Atomics.store(words, lifeAt, life)
    if (lock.isOurs) Atomics.compareExchange(words, table.linkAt(taken, 0), 0, life)
    return toHeld(table, taken, lock)
  })
}

function toHeld(table: CounterTable, holding: number, lock: HeldLock): Held | undefined {
  if (holding < 0) return undefined
  const life = Math.abs(Atomics.load(table.words, table.linkAt(holding, 0)))
  return life !== 0 && lock.isOurs ? { holding, life } : undefined
}

/** One region more, on the lowest level on which the holding has none. False: there is none to be had. */
export function growHolding(table: CounterTable, holding: number): boolean {
  // Looked for before the lock is taken: while there is none, every key too many comes by here.
  for (let level = 1; level < table.levels.length; level++) {
    if (Atomics.load(table.words, table.linkAt(holding, level)) !== 0) continue
    if (findFreeRegion(table, level, holding) < 0) continue
    return runLocked(table, table.directoryLockAt, (lock) => {
      const linkAt = table.linkAt(holding, level)
      // Another thread was faster: what it found is ours, too.
      if (Atomics.load(table.words, linkAt) !== 0) return true
      const region = findFreeRegion(table, level, holding)
      if (region < 0) return false
      if (lock.isOurs) Atomics.store(table.words, table.ownerAt(level, region), holding + 1)
      if (lock.isOurs) Atomics.store(table.words, linkAt, region + 1)
      return true
    })
  }
  return false
}

/** Nothing in the region that this link led to is alive: the sweep has looked. False: somebody came back. */
export function giveBackRegion(
  table: CounterTable,
  linkAt: number,
  { ownerAt, link }: { ownerAt: number; link: number },
): boolean {
  return runLocked(table, table.directoryLockAt, (lock) => {
    if (!lock.isOurs || Atomics.compareExchange(table.words, linkAt, -link, 0) !== -link) return false
    if (lock.isOurs) Atomics.store(table.words, ownerAt, 0)
    return true
  })
}

/** Nothing in it is alive, and all links but that of level 0 are gone. False: somebody came back. */
export function giveBackHolding(table: CounterTable, holding: number, life: number): boolean {
  return runLocked(table, table.directoryLockAt, (lock) => {
    const { words } = table
    for (let level = 1; level < table.levels.length; level++) {
      // It grew since: its last keys expired only while somebody stood before a full bucket.
      if (Atomics.load(words, table.linkAt(holding, level)) !== 0) return false
    }
    if (!lock.isOurs || Atomics.compareExchange(words, table.linkAt(holding, 0), -life, 0) !== -life) return false
    if (holding === COMMON) return true
    const useAt = table.useAt(holding)
    if (lock.isOurs) Atomics.store(words, useAt + 1, 0)
    if (lock.isOurs) Atomics.store(words, useAt, GIVEN_BACK)
    return true
  })
}

/** What dead threads had taken and not linked yet. */
export function giveBackOrphans(table: CounterTable): void {
  const { words } = table
  const isOrphan = (level: number, region: number): boolean => {
    const owner = Atomics.load(words, table.ownerAt(level, region))
    return owner !== 0 && Math.abs(Atomics.load(words, table.linkAt(owner - 1, level))) !== region + 1
  }
  for (let level = 1; level < table.levels.length; level++) {
    for (let region = 0; region < table.regionCount(level); region++) {
      if (!isOrphan(level, region)) continue
      runLocked(table, table.directoryLockAt, (lock) => {
        if (isOrphan(level, region) && lock.isOurs) Atomics.store(words, table.ownerAt(level, region), 0)
      })
    }
  }
}

export function isHeld(table: CounterTable, holding: number): boolean {
  return Atomics.load(table.words, table.linkAt(holding, 0)) !== 0
}

interface Found {
  /** With this use in it; -1: none. */
  readonly own: number
  /** -1: all are held. */
  readonly free: number
}

/** Beside the common one they are a hash table with open addressing. A look at all 4095 takes 20 µs; it ends where none was ever held. */
function search(table: CounterTable, use: UseHash): Found {
  const { words, holdingCount } = table
  const places = holdingCount - 1
  let free = -1
  for (let step = 0; step < places; step++) {
    const holding = 1 + (((use.low >>> 0) + step) % places)
    const useAt = table.useAt(holding)
    const low = Atomics.load(words, useAt)
    const high = Atomics.load(words, useAt + 1)
    if (low === use.low && high === use.high) return { own: holding, free }
    // Without a link its use is nobody's: a thread died while it took it, or is about to be told that it did.
    if (free < 0 && !isHeld(table, holding)) free = holding
    if (low === NEVER_HELD && high === 0) break
  }
  return { own: -1, free }
}

/** One of this holding's without a link is as good: it is being given back, or somebody died while he took it. */
function findFreeRegion(table: CounterTable, level: number, holding: number): number {
  for (let region = 0; region < table.regionCount(level); region++) {
    const owner = Atomics.load(table.words, table.ownerAt(level, region))
    if (owner === 0 || owner === holding + 1) return region
  }
  return -1
}
