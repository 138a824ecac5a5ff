/** Owns how often somebody may call: exact counts in a window or a bucket, told in structured fields. */
import { z } from 'zod'
import { toNetwork } from '../addresses/network.ts'
import { toRetrySeconds } from '../callers/retry-after.ts'
import type { Charge, Exchange } from '../exchange.ts'
import { definePolicy } from '../policy.ts'
import { Problem } from '../problem.ts'
import { celSchema, compileCel } from '../scopes/expression-option.ts'
import type { Decision, Limiter, LimiterSpec } from '../services.ts'

/** Counters keep a limit in 24 bits of one 64-bit state. */
const MOST = 2 ** 24 - 1
const SECONDS_PER_DAY = 86_400

const options = z
  .strictObject({
    limit: z.int().min(1).max(MOST).meta({ description: 'Requests allowed in one window.' }),
    windowSeconds: z
      .int()
      .min(1)
      .max(SECONDS_PER_DAY)
      .meta({ description: 'Length of the window in seconds; a day at most, what is longer is a quota.' }),
    algorithm: z.enum(['sliding-window', 'token-bucket']).default('sliding-window').meta({
      description:
        '`sliding-window` counts the requests of this window, and those of the one before as far as it still reaches into the last `windowSeconds`, taken to be evenly spread: a steady caller gets `limit` in any window, one that calls in bursts may get more across a boundary (less than twice) and waits for it afterwards. `token-bucket` refills `limit` tokens over a window and lets `burst` of them be spent at once.',
    }),
    burst: z
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .meta({ description: 'How many tokens a full bucket holds; `limit` if absent. For `token-bucket` only.' }),
    key: celSchema.optional().meta({
      description:
        "CEL: whose requests are counted together, such as `request.headers['x-tenant']`. By caller if absent: an app with all its keys, signatures and certificates together, apart from whoever a token, a password or a service says is called like it; a person of one issuer (`iss`) apart from that of another; by client address (`ipv6PrefixBits`) when nobody was recognised. Where it fails or is empty, all count in one common bucket.",
    }),
    ipv6PrefixBits: z.int().min(1).max(128).default(64).meta({
      description:
        'How much of an IPv6 address counts where clients are counted by address: 64 bits are what one customer is given at least, and has all the addresses of; `56` or `48` where providers give more. An expression in `key` sees whole addresses.',
    }),
    cost: z.int().min(1).max(MOST).default(1).meta({ description: 'What one request costs.' }),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-" only')
      .optional()
      .meta({
        description:
          'What the `RateLimit` fields call this limit; `100-in-60s` if absent. Several limits on one route need different names.',
      }),
    announce: z.boolean().default(true).meta({
      description:
        'Tells callers where they stand in `RateLimit` and `RateLimit-Policy`. `r` is what is left. `t` is in how many seconds a caller may go on: when nothing is left, until one more is allowed, as in `Retry-After`; else until what was used is restored, a window at most.',
    }),
  })
  .refine(({ burst, algorithm }) => burst === undefined || algorithm === 'token-bucket', {
    path: ['burst'],
    error: 'only a token-bucket has a burst; set algorithm to token-bucket, or leave burst out',
  })
  // A limit or burst of nothing has a fault of its own.
  .refine(({ limit, burst, cost }) => cost <= Math.max(1, burst ?? limit), {
    path: ['cost'],
    error: 'is more than can ever be allowed at once; lower it, or raise limit or burst',
  })

export const rateLimit = definePolicy({
  name: 'rate-limit',
  phase: 'limit',
  summary: 'Refuses a caller that makes more requests than allowed in a window.',
  options,
  examples: [
    { says: 'Allows each caller 100 requests in any minute.', options: { limit: 100, windowSeconds: 60 } },
    {
      says: 'Allows each tenant 10 requests a second on average, and 50 at once.',
      options: {
        limit: 10,
        windowSeconds: 1,
        algorithm: 'token-bucket',
        burst: 50,
        key: "request.headers['x-tenant']",
      },
    },
  ],

  create(given, { counters, useId, variables }) {
    const { limit, windowSeconds, algorithm, burst, cost, announce } = given
    const spec: LimiterSpec = { id: useId, algorithm, limit, windowMs: windowSeconds * 1000 }
    const limiter = counters.limiter(burst === undefined ? spec : { ...spec, burst })
    const keyOf = given.key === undefined ? createCallerKey(given.ipv6PrefixBits) : compileKey(given.key, variables)
    const name = given.name ?? `${limit}-in-${windowSeconds}s`
    // draft-ietf-httpapi-ratelimit-headers-10 §3, §4: lists of Strings; q quota, w window, r remaining, t seconds until the caller may go on.
    const item = `"${name}"`
    const quota = `;q=${limit};w=${windowSeconds}`
    const windowMs = windowSeconds * 1000

    function settle(exchange: Exchange, key: string, decision: Decision): void {
      if (announce) {
        exchange.answerWithMember('RateLimit-Policy', item, quota)
        exchange.answerWithMember('RateLimit', item, `;r=${decision.remaining};t=${toResetSeconds(decision, windowMs)}`)
      }
      if (!decision.allowed) {
        exchange.refundCharges()
        throw toRefusal(decision, { limit, windowSeconds, name })
      }
      exchange.charge = new LimitCharge(exchange.charge, limiter, { key, cost })
    }

    return function rateLimit(exchange, next) {
      const key = keyOf(exchange)
      const decision = limiter.take(key, cost)
      if (!(decision instanceof Promise)) {
        settle(exchange, key, decision)
        return next(exchange)
      }
      return decision.then((made) => {
        settle(exchange, key, made)
        return next(exchange)
      })
    }
  },
})

/** Kinds of credentials that are an app's own. With all others the caller's name comes from elsewhere, and may be that of an app. */
const OF_APPS = new Set(['key', 'signature', 'aws-sigv4', 'certificate', 'webhook'])

/** One letter keeps apart what may have one name: addresses, apps that call by themselves, and people, who may have chosen theirs. */
function createCallerKey(ipv6PrefixBits: number): (exchange: Exchange) => string {
  return ({ caller, client }) => {
    if (caller === undefined) return `a${toNetwork(client.address, ipv6PrefixBits)}`
    const isApp = caller.app === caller.id && OF_APPS.has(caller.credential.kind)
    if (isApp) return `p${caller.id}`
    // RFC 7519 §4.1.2: a subject is one person's within its issuer alone.
    const issuer = caller.claims?.iss
    return typeof issuer === 'string' ? `i${JSON.stringify([issuer, caller.id])}` : `c${caller.id}`
  }
}

/** Those whose key fails or is empty share it: too strict, never too lax. */
const COMMON_KEY = ''

function compileKey(source: string, variables: Readonly<Record<string, string>>): (exchange: Exchange) => string {
  const evaluate = compileCel(source, variables)
  return function keyOf(exchange) {
    try {
      const value = evaluate(exchange)
      if (typeof value === 'string') return value === '' ? COMMON_KEY : `k${value}`
      return typeof value === 'number' || typeof value === 'bigint' ? `k${value}` : COMMON_KEY
    } catch {
      return COMMON_KEY
    }
  }
}

class LimitCharge implements Charge {
  readonly earlier: Charge | undefined
  readonly #limiter: Limiter
  readonly #key: string
  #cost: number

  constructor(earlier: Charge | undefined, limiter: Limiter, { key, cost }: { key: string; cost: number }) {
    this.earlier = earlier
    this.#limiter = limiter
    this.#key = key
    this.#cost = cost
  }

  /** Once, however many forks know of it. */
  giveBack(): void {
    if (this.#cost > 0) this.#limiter.giveBack(this.#key, this.#cost)
    this.#cost = 0
  }
}

/**
 * When a caller may go on. The full limit comes back only after up to two windows, or the time that a burst takes: a caller
 * who waited for that would wait too long.
 */
function toResetSeconds({ allowed, retryAfterMs, resetAfterMs }: Decision, windowMs: number): number {
  if (!allowed) return toRetrySeconds(retryAfterMs)
  return toSeconds(retryAfterMs > 0 ? retryAfterMs : Math.min(resetAfterMs, windowMs))
}

function toSeconds(ms: number): number {
  return Math.ceil(ms / 1000)
}

interface RefusedLimit {
  readonly limit: number
  readonly windowSeconds: number
  readonly name: string
}

function toRefusal({ retryAfterMs }: Decision, { limit, windowSeconds, name }: RefusedLimit): Problem {
  const retryAfterSeconds = toRetrySeconds(retryAfterMs)
  return new Problem('rate-limited', {
    detail: `At most ${limit} requests are allowed in ${windowSeconds} s. Try again in ${retryAfterSeconds} s.`,
    headers: [['Retry-After', String(retryAfterSeconds)]],
    extensions: { limit, window_seconds: windowSeconds, retry_after_seconds: retryAfterSeconds, policy: name },
    reason: name,
  })
}
