/** Owns how a file says that an API is on its way out: since when, until when, and what comes after it. */
import { z } from 'zod'

const timeSchema = z.iso.datetime({ offset: true, error: 'A time is written as 2026-01-31T00:00:00Z.' })

/** RFC 3986 §2: what stands in a URL, and so between `<` and `>` of a Link (RFC 8288 §3). */
const URL_OR_PATH = /^(?:https?:\/\/|\/)[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/
/** It is said with every answer. */
const LINK_LETTERS = 2000
const linkSchema = z
  .string()
  .max(LINK_LETTERS)
  .regex(URL_OR_PATH, 'is no URL: write https://…, or a path on this host that begins with "/"')

export const lifecycleSchema = z
  .strictObject({
    state: z.enum(['deprecated', 'retired']).meta({
      description:
        '`deprecated`: it answers, and each answer says so (RFC 9745). `retired`: every request is answered with 410.',
    }),
    deprecatedAt: timeSchema.exactOptional().meta({
      description: 'Since when, or from when on, nobody should begin to use it. Needed where it is deprecated.',
    }),
    sunsetAt: timeSchema.exactOptional().meta({
      description: 'From when on it may not answer any more (RFC 8594). It is said, and nothing happens by itself.',
    }),
    successor: linkSchema.exactOptional().meta({ description: 'URL or path of what comes after it.' }),
    link: linkSchema.exactOptional().meta({ description: 'URL or path of a page that tells people about it.' }),
  })
  .superRefine(({ state, deprecatedAt, sunsetAt }, context) => {
    if (context.issues.length > 0) return
    if (state === 'deprecated' && deprecatedAt === undefined) {
      const message = 'An API that is deprecated says since when: `deprecatedAt: 2026-01-31T00:00:00Z`.'
      context.addIssue({ code: 'custom', message })
    }
    // RFC 9745 §4.
    if (deprecatedAt !== undefined && sunsetAt !== undefined && Date.parse(sunsetAt) < Date.parse(deprecatedAt)) {
      context.addIssue({ code: 'custom', path: ['sunsetAt'], message: 'An API does not end before it is deprecated.' })
    }
  })
