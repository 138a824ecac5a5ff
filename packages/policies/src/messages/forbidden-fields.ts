/** Owns the fields that no configuration may write, because the gateway frames and routes messages by them. */

export type Way = 'request' | 'response'

const FRAMING = 'it frames the message, and the gateway writes it from the body that it sends'
const CONNECTION = 'it belongs to one connection (RFC 9110 §7.6.1), and the gateway writes its own'
const FORWARDING = 'the gateway writes it from what it knows about the client; see trustedProxies'

const ALWAYS = new Map(
  Object.entries({
    'content-length': FRAMING,
    'transfer-encoding': FRAMING,
    trailer: FRAMING,
    connection: CONNECTION,
    'keep-alive': CONNECTION,
    'proxy-connection': CONNECTION,
    te: CONNECTION,
    upgrade: CONNECTION,
    'x-request-id': 'the gateway writes it: it is the id of the exchange',
  }),
)

const IN_REQUESTS = new Map(
  Object.entries({
    host: 'set hostHeader of the upstream instead',
    expect: 'the gateway answers it itself',
    'proxy-authorization': 'it is meant for the gateway itself, which does not send it on',
    traceparent: 'the gateway writes it: it says where the trace stands',
    forwarded: FORWARDING,
    'x-forwarded-for': FORWARDING,
    'x-forwarded-proto': FORWARDING,
    'x-forwarded-host': FORWARDING,
    'x-forwarded-port': FORWARDING,
  }),
)

const IN_RESPONSES = new Map(
  Object.entries({
    'proxy-authenticate': CONNECTION,
  }),
)

/** Why this field cannot be set or removed, or undefined. */
export function findForbiddenField(name: string, on: Way): string | undefined {
  const lower = name.toLowerCase()
  const why = ALWAYS.get(lower) ?? (on === 'request' ? IN_REQUESTS : IN_RESPONSES).get(lower)
  return why === undefined ? undefined : `${name} cannot be changed in a ${on}: ${why}`
}
