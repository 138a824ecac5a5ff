/** Owns options that only the making of something of them can judge, such as keys: the fault then stands at the option. */

/** What `make` says against what it was given; it shows nothing of a secret. */
export function findFault(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
