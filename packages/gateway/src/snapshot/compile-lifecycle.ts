/** Owns what clients are told of an API that is on its way out: fields of every answer, and the problem of one that is retired. */
import type { Lifecycle } from '@gatewright/model'
import { type GatewayResponse, Problem } from '@gatewright/policies'

export interface CompiledLifecycle {
  /** Instead of what is answered else; undefined while it answers. */
  readonly retired: Problem | undefined
  /** On every answer of it, problems too. */
  dress(response: GatewayResponse): void
}

export function compileLifecycle(lifecycle: Lifecycle | undefined): CompiledLifecycle | undefined {
  if (lifecycle === undefined) return undefined
  const { state, deprecatedAtMs, sunsetAtMs } = lifecycle
  // RFC 9745 §2.1: a Date of structured fields (RFC 9651 §3.3.7), in whole seconds.
  const deprecation = deprecatedAtMs === undefined ? undefined : `@${Math.floor(deprecatedAtMs / 1000)}`
  // RFC 8594 §3: an HTTP-date.
  const sunset = sunsetAtMs === undefined ? undefined : new Date(sunsetAtMs).toUTCString()
  const links = toLinks(lifecycle)
  return {
    retired: state === 'retired' ? toRetired(lifecycle) : undefined,
    dress(response) {
      // On a copy: a policy may answer everybody with one list.
      const headers = response.headers.clone()
      if (deprecation !== undefined) headers.set('Deprecation', deprecation)
      if (sunset !== undefined) headers.set('Sunset', sunset)
      // Those of the upstream say other things: pages, for instance.
      if (links !== '') headers.append('Link', links)
      response.headers = headers
    },
  }
}

function toLinks({ successor, link, deprecatedAtMs, sunsetAtMs }: Lifecycle): string {
  const links = [
    // RFC 5829 §3.4.
    successor !== undefined && `<${successor}>; rel="successor-version"`,
    // RFC 9745 §3.
    link !== undefined && deprecatedAtMs !== undefined && `<${link}>; rel="deprecation"`,
    // RFC 8594 §6.
    link !== undefined && sunsetAtMs !== undefined && `<${link}>; rel="sunset"`,
  ]
  return links.filter((each) => each !== false).join(', ')
}

function toRetired({ successor, link }: Lifecycle): Problem {
  const next = successor === undefined ? '' : ` Use ${successor}.`
  const more = link === undefined ? '' : ` More about it: ${link}`
  return new Problem('api-retired', {
    detail: `This API answers no longer.${next}${more}`,
    ...(successor !== undefined && { extensions: { successor } }),
  })
}
