/** Owns the copying of chosen members, so that what is absent stays absent and keys have one order. */

/** The members named that are there. */
export function pickPresent<Source extends object, Key extends keyof Source>(
  source: Source,
  ...keys: Key[]
): Pick<Source, Key> {
  const picked: Partial<Pick<Source, Key>> = {}
  for (const key of keys) {
    if (source[key] !== undefined) picked[key] = source[key]
  }
  return picked as Pick<Source, Key>
}
