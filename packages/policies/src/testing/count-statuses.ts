/** Owns how a crowd fared in a test: how many got which status. */

export async function countStatuses(
  answers: readonly Promise<{ readonly status: number }>[],
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
