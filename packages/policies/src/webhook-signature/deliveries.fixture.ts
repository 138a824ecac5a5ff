/** Owns deliveries in tests: those that providers publish, and others that the test signs by hand. */
import { createHmac } from 'node:crypto'
import type { TestRequest } from '../testing/index.ts'

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation */
export const GITHUB = {
  secret: "It's a Secret to Everybody",
  request: {
    method: 'POST',
    body: 'Hello, World!',
    headers: { 'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
  },
} as const

/** https://docs.slack.dev/authentication/verifying-requests-from-slack, the example of its step by step. */
export const SLACK = {
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  atSeconds: 1531420618,
  request: {
    method: 'POST',
    body: [
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V',
      '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=',
      '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN',
      '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    ].join(''),
    headers: {
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
  },
} as const

/** The test vector of github.com/standard-webhooks/standard-webhooks (`libraries/javascript/src/webhook.test.ts`). */
export const STANDARD = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  atSeconds: 1614265330,
  request: {
    method: 'POST',
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
} as const

export const SHOP_SECRET = 'shpss_0123456789abcdef'

/** Stripe publishes no example that is whole: this is what its own library signs (stripe-python 16.1.0, `WebhookSignature`). */
export const STRIPE = {
  secret: 'whsec_abcdefghijklmnop',
  atSeconds: 1795707655,
  request: {
    method: 'POST',
    body: '{"a":"ü€"}',
    headers: { 'Stripe-Signature': 't=1795707655,v1=ff1b63575860805858b9db426d29bb719360dd0fb27780a8a2821c87a0748c91' },
  },
} as const

interface HmacForm {
  readonly encoding?: 'hex' | 'base64' | 'base64url'
  readonly hash?: 'sha256' | 'sha512' | 'sha1'
}

export function hmac(secret: string, text: string, { encoding = 'hex', hash = 'sha256' }: HmacForm = {}): string {
  return createHmac(hash, secret).update(text).digest(encoding)
}

export const NOW = Date.UTC(2026, 0, 1) / 1000
export const STRIPE_SECRET = 'whsec_0123456789abcdef0123456789abcdef'
export const OLD_STRIPE_SECRET = 'whsec_of_the_time_before_this_one'

export function toStripe(body: string, { at = NOW, secret = STRIPE_SECRET, header = '' } = {}): TestRequest {
  const signature = header || `t=${at},v1=${hmac(secret, `${at}.${body}`)}`
  return { method: 'POST', body, headers: { 'Stripe-Signature': signature } }
}
