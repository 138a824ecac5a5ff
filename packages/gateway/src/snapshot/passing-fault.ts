/** Owns which faults of a reading pass by themselves, so that nobody has to change a file for the next reading to succeed. */

/**
 * What the system lacks for a moment: descriptors, memory, an answer of the disk or of the machine that holds it. Sought in the text,
 * because faults come from Node, from policies and from other threads, and what they share is that they show the system's code.
 * A text that only quotes one of them is read again in vain, and ever less often. Not to be asked of the evaluation of a module.
 */
const PASSING = /\b(?:EMFILE|ENFILE|ENOMEM|ENOBUFS|EIO|EAGAIN|EBUSY|EINTR|ESTALE|ETIMEDOUT)\b/

export function isPassing(fault: string): boolean {
  return PASSING.test(fault)
}
