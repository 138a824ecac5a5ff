/** Owns the choice between several ways to say who calls: the first that finds its credential decides. */
import type { ProblemCode } from '@gatewright/model/runtime'
import { z } from 'zod'
import type { UsedPlace } from '../callers/credential-place.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayRequest } from '../messages/request.ts'
import { GatewayResponse } from '../messages/response.ts'
import { usesSchema } from '../nested/uses-option.ts'
import { definePolicy, type Next, type Policy } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { NestedUse, NestedUses } from '../services.ts'
import { createUncheckedRemoval } from './unchecked-credentials.ts'

const options = z.strictObject({
  policies: usesSchema.min(1).meta({
    description:
      'Policies that recognise callers, in the order in which they are tried; one whose `when` is false is passed over. Where one of them accepted its credential, those of the others, signatures among them, are taken out of the request: nobody checked them.',
  }),
  anonymous: z.boolean().default(false).meta({
    description: 'Lets callers pass, as nobody, who bring none of the credentials.',
  }),
  onInvalid: z.enum(['refuse', 'next']).default('refuse').meta({
    description:
      'What becomes of a credential that is present and wrong: the request is refused, or the next policy is tried. If none accepts it, the first refusal is the answer.',
  }),
})

export const anyOf = definePolicy({
  name: 'any-of',
  phase: 'authenticate',
  summary: 'Recognises the caller by the first of several credentials that is there.',
  options,
  lists: ['policies'],
  listsPhase: 'authenticate',
  examples: [
    {
      says: 'Takes a key, or else a token.',
      options: {
        policies: [
          { policy: 'key-auth' },
          {
            policy: 'jwt',
            options: { issuers: [{ issuer: 'https://login.example.com/', audiences: ['orders'] }] },
          },
        ],
      },
    },
  ],

  create({ policies, anonymous, onInvalid }, { uses }) {
    for (const { policy, options: inner } of policies) {
      if (inner?.anonymous !== true) continue
      throw new Error(`"${policy}" lets everybody pass with \`anonymous: true\`: write that at any-of`)
    }
    const removeAll = createUncheckedRemoval([], policies.flatMap(uses.findCredentialPlaces))
    const choice = new Choice(createAlternatives(policies, uses), { anonymous, onInvalid, removeAll })
    return function anyOf(exchange, next) {
      return choice.run(exchange, next)
    }
  },
})

// A certificate of the connection is a credential as well, with codes of its own: no field could bring it.
const MISSING: ReadonlySet<ProblemCode> = new Set(['credential-missing', 'client-certificate-missing'])
const INVALID: ReadonlySet<ProblemCode> = new Set(['credential-invalid', 'client-certificate-refused'])

interface Alternative {
  readonly run: Policy
  /** undefined: it always applies. */
  readonly applies: ((exchange: Exchange) => boolean) | undefined
  readonly removeOthers: (request: GatewayRequest) => void
}

function createAlternatives(policies: readonly NestedUse[], uses: NestedUses): Alternative[] {
  const live = policies.filter(({ enabled }) => enabled !== false)
  const places = live.map((use) => uses.findCredentialPlaces(use))
  return live.map((use, index) => {
    // Skipped by its condition it would hand the request on, which here means that it was accepted.
    const { when: _, ...unconditional } = use
    const others: UsedPlace[] = places.filter((_, other) => other !== index).flat()
    return {
      run: uses.compile([unconditional]),
      applies: uses.compileWhen(use),
      removeOthers: createUncheckedRemoval(places[index] ?? [], others),
    }
  })
}

interface ChoiceRules {
  readonly anonymous: boolean
  readonly onInvalid: 'refuse' | 'next'
  /** Where nobody is recognised: what no policy finds, and an upstream could. */
  readonly removeAll: (request: GatewayRequest) => void
}

class Choice {
  readonly #alternatives: readonly Alternative[]
  readonly #rules: ChoiceRules
  /** Whose credential was accepted: what comes back then is the answer, whatever problem it carries. */
  readonly #entered = new WeakSet<Exchange>()
  /** The same functions for each `next`, one for each alternative, so that what stands around them is folded once. */
  readonly #entries = new WeakMap<Next, readonly Next[]>()

  constructor(alternatives: readonly Alternative[], rules: ChoiceRules) {
    this.#alternatives = alternatives
    this.#rules = rules
  }

  run(exchange: Exchange, next: Next): ReturnType<Next> {
    let entries = this.#entries.get(next)
    if (entries === undefined) {
      entries = this.#alternatives.map(({ removeOthers }) => (entering: Exchange) => {
        this.#entered.add(entering)
        removeOthers(entering.request)
        return next(entering)
      })
      this.#entries.set(next, entries)
    }
    const before = this.#rules.onInvalid === 'next' ? remember(exchange) : undefined
    return this.#try(exchange, { index: 0, refusals: [], entries, next, before })
  }

  #try(exchange: Exchange, attempt: Attempt): ReturnType<Next> {
    const alternative = this.#alternatives[attempt.index]
    const enter = attempt.entries[attempt.index]
    if (alternative === undefined || enter === undefined) return this.#conclude(exchange, attempt)
    if (alternative.applies?.(exchange) === false) return this.#try(exchange, { ...attempt, index: attempt.index + 1 })
    const result = alternative.run(exchange, enter)
    if (result instanceof GatewayResponse) return this.#judge(exchange, attempt, result)
    return result.then((response) => this.#judge(exchange, attempt, response))
  }

  #judge(exchange: Exchange, attempt: Attempt, response: GatewayResponse): ReturnType<Next> {
    const { problem } = response
    if (this.#entered.delete(exchange) || problem === undefined || !this.#isPassedOver(problem)) return response
    response.discard()
    if (attempt.before !== undefined) restore(exchange, attempt.before)
    return this.#try(exchange, { ...attempt, index: attempt.index + 1, refusals: [...attempt.refusals, problem] })
  }

  #isPassedOver({ code }: Problem): boolean {
    return MISSING.has(code) || (INVALID.has(code) && this.#rules.onInvalid === 'next')
  }

  /** Nobody accepted it. */
  #conclude(exchange: Exchange, { refusals, next }: Attempt): ReturnType<Next> {
    const wrong = refusals.find(({ code }) => !MISSING.has(code))
    if (wrong !== undefined) throw wrong
    if (!this.#rules.anonymous) throw toMissing(refusals)
    this.#rules.removeAll(exchange.request)
    return next(exchange)
  }
}

interface Attempt {
  readonly index: number
  /** Of those that were tried before. */
  readonly refusals: readonly Problem[]
  readonly entries: readonly Next[]
  readonly next: Next
  /** Where a wrong credential does not end it: what it found. */
  readonly before: Before | undefined
}

type Before = Pick<Exchange, 'caller'> & Pick<GatewayRequest, 'headers' | 'search'>

function remember({ caller, request: { headers, search } }: Exchange): Before {
  return { caller, headers: headers.clone(), search }
}

/** Whoever refused a credential may have found that out last: what it said of the caller before counts for nobody. */
function restore(exchange: Exchange, { caller, headers, search }: Before): void {
  exchange.caller = caller
  exchange.request.headers = headers.clone()
  exchange.request.search = search
}

/** RFC 9110 §11.6.1: several challenges are several ways. */
function toMissing(refusals: readonly Problem[]): Problem {
  const [first] = refusals
  // Nothing but a certificate would do, and there is no challenge for one: it stays a 403.
  if (first !== undefined && refusals.every(({ code }) => code === 'client-certificate-missing')) return first

  if (refusals.length === 0) {
    return new Problem('access-denied', {
      detail: 'For this request there is no way to say who calls.',
      reason: 'no-way',
    })
  }
  const details = refusals.map(({ detail }) => detail).filter((detail) => detail !== undefined)
  return new Problem('credential-missing', {
    detail:
      details.length > 1 ? `One of these is needed. ${details.join(' Or: ')}` : (details[0] ?? 'Send a credential.'),
    headers: refusals.flatMap(({ headers }) => headers),
  })
}
