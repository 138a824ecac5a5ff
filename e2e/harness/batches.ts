/** Owns running many small checks side by side and telling all that failed. */

/** Sockets open at once: enough to keep two cores busy, few enough for the default limit on open files. */
const SIDE_BY_SIDE = 64

export interface Failure<Item> {
  readonly item: Item
  readonly error: Error
}

/** Runs `check` for every item; answers what failed. */
export async function findFailures<Item>(
  items: Iterable<Item>,
  check: (item: Item) => Promise<void>,
  sideBySide = SIDE_BY_SIDE,
): Promise<Failure<Item>[]> {
  const failures: Failure<Item>[] = []
  const iterator = items[Symbol.iterator]()
  const work = async () => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      const item = next.value
      try {
        await check(item)
      } catch (error) {
        failures.push({ item, error: error as Error })
      }
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, work))
  return failures
}

/** Runs `check` for every item and throws one error that names the first failures. */
export async function checkEvery<Item>(
  items: Iterable<Item>,
  check: (item: Item) => Promise<void>,
  sideBySide = SIDE_BY_SIDE,
): Promise<void> {
  const failures = await findFailures(items, check, sideBySide)
  if (failures.length === 0) return
  const first = failures.slice(0, 3).map(({ item, error }) => `${JSON.stringify(item)}: ${error.message}`)
  throw new Error(`${failures.length} failed:\n${first.join('\n')}`, { cause: failures[0]?.error })
}
