/** Owns which listener a request would come in by, and what that listener does before any route is asked. */
import type { Listener } from '@gatewright/model'
import type { Asked } from './parse-asked.ts'

export interface Entry {
  /** The listener whose requests meet routes; undefined: the first one. */
  readonly listener: string | undefined
  /** What it speaks. */
  readonly scheme: Asked['scheme']
  readonly hints: readonly string[]
}

/** A listener that only sends clients on to HTTPS is followed there. */
export function findEntry(listeners: readonly Listener[], asked: Asked): Entry {
  const live = listeners.filter(({ enabled }) => enabled !== false)
  const wanted = findListener(live, asked, asked.scheme)
  if (wanted === undefined) {
    const scheme = asked.scheme === 'https' ? 'http' : 'https'
    const other = findListener(live, asked, scheme)
    const hint =
      asked.scheme === 'https'
        ? 'No listener speaks TLS: this is the request as it comes over http.'
        : 'Every listener speaks TLS: this is the request as it comes over https.'
    return enter(other, asked, other === undefined ? [] : [hint])
  }
  const { redirectToHttps } = wanted
  if (redirectToHttps === undefined) return enter(wanted, asked, [])
  const { status } = redirectToHttps
  const sent = `The listener "${wanted.id}" answers every request with ${status}, and sends it on to HTTPS`
  const over = findListener(live, asked, 'https')
  if (over === undefined) return { ...enter(wanted, asked, [`${sent}: no route is asked.`]), listener: wanted.id }
  return enter(over, asked, [`${sent}: this is what the client meets there.`])
}

/** Of several, the one whose port the URL names. */
function findListener(live: readonly Listener[], { authority }: Asked, scheme: Asked['scheme']): Listener | undefined {
  const speaking = live.filter(({ tls }) => (tls === undefined) === (scheme === 'http'))
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (scheme === 'https' ? 443 : 80))
  return (
    speaking.find((listener) => listener.port === port) ??
    speaking.find(({ redirectToHttps }) => redirectToHttps === undefined) ??
    speaking[0]
  )
}

function enter(listener: Listener | undefined, asked: Asked, hints: readonly string[]): Entry {
  if (listener === undefined) return { listener: undefined, scheme: 'http', hints }
  const demand = findDemand(listener, asked)
  return {
    listener: listener.id,
    scheme: listener.tls === undefined ? 'http' : 'https',
    hints: demand === undefined ? hints : [...hints, demand],
  }
}

/** Before TLS proved what it demands, nothing of what is explained happens. */
function findDemand({ id, tls }: Listener, { authority }: Asked): string | undefined {
  if (tls === undefined) return undefined
  const name = authority.replace(/:\d+$/, '').toLowerCase()
  const own = tls.hosts.find(({ names }) => names.some((each) => each.toLowerCase() === name))
  const wildcard = tls.hosts.find(({ names }) =>
    names.some((each) => each.startsWith('*.') && each.slice(1).toLowerCase() === name.slice(name.indexOf('.'))),
  )
  const demanded = (own ?? wildcard ?? tls).clientCertificates
  if (demanded === undefined) return undefined
  const what = demanded.mode === 'require' ? 'demands a certificate of' : 'asks for a certificate of'
  return `The listener "${id}" ${what} the client, from ${demanded.ca.path}.`
}
