/** Owns what the command answers its shell with: one table for all commands. */
export const EXIT_CODES = {
  /** It did what it was asked to. Warnings do not count. */
  ok: 0,
  /** The configuration has faults, a test failed, a gateway could not start. */
  faults: 1,
  /** Of those that only look: something would change. */
  differs: 2,
  /** It was asked, and waits until others have approved it. */
  waits: 3,
  /** The command line is wrong: nothing was tried. */
  usage: 2,
  /** A fault of Gatewright itself (EX_SOFTWARE of sysexits.h). */
  unexpected: 70,
} as const
