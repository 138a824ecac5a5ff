/** Owns the question which IP version a text is; the model touches no `node:net`. */
import { z } from 'zod'

const V4 = z.ipv4()
const V6 = z.ipv6()

/** 4, 6, or 0 for what is no address. */
export function toIpVersion(text: string): 0 | 4 | 6 {
  if (V4.safeParse(text).success) return 4
  return V6.safeParse(text).success ? 6 : 0
}
