/** Owns a small catalogue for tests: one policy of each phase that the checks speak about. */
import { z } from 'zod'
import type { Catalogue } from '../validate/catalogue.ts'

export const TEST_CATALOGUE: Catalogue = [
  { name: 'cors', phase: 'protect', options: z.strictObject({ origins: z.array(z.string()).default([]) }) },
  {
    name: 'key-auth',
    phase: 'authenticate',
    needs: 'app-keys',
    options: z.strictObject({
      in: z.enum(['header', 'query']).default('header').meta({ description: 'Where the key is.' }),
      name: z.string().default('X-Api-Key'),
    }),
  },
  {
    name: 'rate-limit',
    phase: 'limit',
    summary: 'Refuses a caller that makes too many requests.',
    options: z
      .strictObject({
        limit: z.int().min(1),
        windowSeconds: z.int().min(1).default(60),
        burst: z.int().exactOptional(),
        key: z.string().exactOptional(),
      })
      .refine(({ limit, burst }) => burst === undefined || burst >= limit, {
        path: ['burst'],
        error: 'is less than the limit',
      }),
  },
  {
    name: 'set-headers',
    phase: 'transform',
    options: z.strictObject({ set: z.record(z.string(), z.string()).default({}) }),
  },
  { name: 'needs-certificates', phase: 'transform', options: z.strictObject({}), needs: 'client-certificates' },
  { name: 'needs-http2', phase: 'transform', options: z.strictObject({}), needs: 'http2-upstream' },
  { name: 'cache', phase: 'cache', options: z.strictObject({ seconds: z.int().default(60) }) },
  { name: 'respond', phase: 'upstream', options: z.strictObject({ status: z.int().default(200) }), answers: true },
]
