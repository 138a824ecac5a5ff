/** Owns how times are told: as RFC 3339 has it, UTC. */
import { z } from 'zod'

export const timeSchema = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' })

export function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
