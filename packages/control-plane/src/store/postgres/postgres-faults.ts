/** Owns what an error of PostgreSQL, or on the way to it, means for who asked. */
import { StoreFault, StoreRefusal } from '../store.ts'

// PostgreSQL, Appendix A: class 08 connection, 53 resources, 57 operator's intervention; 55P03 lock not available, 25P03 idle in transaction.
const NOT_NOW = /^(?:08|53|57)|^(?:55P03|25P03|40001|40P01|58030)$/
const FULL = /^53100$/
/** 22003 a number that is out of range, 22021 a letter that is none, such as U+0000: SQLite holds both. */
const UNFIT = /^(?:22003|22021)$/
/** Of Node's sockets. */
const BROKEN = /^(?:ECONN|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/

/** `isDone`: it was being told to keep what was changed. What is no fault of the store is handed back as it is. */
export function toStoreFault(fault: unknown, { isDone = false } = {}): unknown {
  if (fault instanceof StoreFault || fault instanceof StoreRefusal || !(fault instanceof Error)) return fault
  const { code } = fault as { code?: unknown }
  const cause = { cause: fault }
  if (typeof code === 'string' && FULL.test(code)) {
    return new StoreFault('full', `the disk of the store is full (${code})`, cause)
  }
  if (typeof code === 'string' && UNFIT.test(code)) {
    return new StoreFault('unfit', `the store cannot hold this (${code}): ${fault.message}`, cause)
  }
  const isBroken =
    (typeof code === 'string' && (BROKEN.test(code) || NOT_NOW.test(code))) ||
    /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      fault.message,
    )
  if (!isBroken) return fault
  if (isDone) {
    return new StoreFault('uncertain', `the store broke off while it kept a change: ${fault.message}`, cause)
  }
  return new StoreFault('unavailable', `the store cannot be reached: ${fault.message}`, cause)
}
