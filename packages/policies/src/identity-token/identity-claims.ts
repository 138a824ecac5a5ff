/** Owns what an identity token says about a request, as JSON: all of its claims but those that make each token another one. */
import { toScopeText } from '../callers/scope-token.ts'
import type { Exchange } from '../exchange.ts'
import { type CompiledText, compileJsonValue, compileText, toExpressionProblem } from '../scopes/expression-option.ts'
import type { Fact, IdentityTokenOptions } from './identity-token-options.ts'

type Teller = (exchange: Exchange) => unknown

const TELLERS: Readonly<Record<Fact, Teller>> = {
  app: ({ caller }) => caller?.app,
  plan: ({ caller }) => caller?.plan,
  scope: ({ caller }) => toScopeText(caller?.scopes) || undefined,
  // RFC 9068 §2.2.3.1, as SCIM has them: a list.
  groups: ({ caller }) => caller?.groups,
  api: ({ route }) => route.api,
  route: ({ route }) => route.route,
}

interface Claim {
  /** `,"name":` */
  readonly opening: string
  readonly tell: Teller
}

export class IdentityClaims {
  readonly #issuer: string
  readonly #audiences: readonly CompiledText[]
  readonly #isList: boolean
  readonly #claims: readonly Claim[]

  constructor(
    { issuer, audience, include, copy, claims }: IdentityTokenOptions,
    variables: Readonly<Record<string, string>>,
  ) {
    this.#issuer = `{"iss":${JSON.stringify(issuer)}`
    this.#isList = Array.isArray(audience)
    this.#audiences = [audience].flat().map((one) => compileText(one, variables))
    this.#claims = [
      { opening: ',"sub":', tell: ({ caller }: Exchange) => caller?.id },
      ...[...new Set(include)].map((fact) => ({ opening: toOpening(fact), tell: TELLERS[fact] })),
      ...copy.map((name) => ({ opening: toOpening(name), tell: toCopier(name) })),
      ...Object.entries(claims).map(([name, expression]) => ({
        opening: toOpening(name),
        tell: compileJsonValue(expression, variables),
      })),
    ]
  }

  /** An object that is not closed yet: `{"iss":…,"aud":…,…`. @throws Problem expression-failed */
  toJson(exchange: Exchange): string {
    let json = `${this.#issuer},"aud":${this.#toAudience(exchange)}`
    for (const { opening, tell } of this.#claims) {
      const value = tell(exchange)
      if (value !== undefined && value !== null) json += opening + JSON.stringify(value)
    }
    return json
  }

  #toAudience(exchange: Exchange): string {
    const texts = this.#audiences.map((text) => {
      const audience = text(exchange)
      // A token for nobody in particular is one for everybody, to some.
      if (audience === '') throw toExpressionProblem(new TypeError('the audience is empty'))
      return audience
    })
    // RFC 7519 §4.1.3: one may be a text by itself.
    return JSON.stringify(this.#isList ? texts : texts[0])
  }
}

/** Written by hand: as a member of an object, `__proto__` would be no claim. */
function toOpening(name: string): string {
  return `,${JSON.stringify(name)}:`
}

function toCopier(name: string): Teller {
  return ({ caller }) =>
    caller?.claims !== undefined && Object.hasOwn(caller.claims, name) ? caller.claims[name] : undefined
}
